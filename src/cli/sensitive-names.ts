/** The words a name is made of, in lower case: `unitPrice`, `unit_price` and `unit-price[]` have the same. */
export function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== "");
}

/** True for a parameter that an attacker would like to change: money, amounts, codes, points, rights, cards. */
export function isSensitiveName(name: string): boolean {
  if (name.length > 128) return false;
  const words = wordsOf(name);
  return words.some((word, i) => sensitive.test(word) || (word === "code" && !harmlessCode.test(words[i - 1] ?? "")));
}

// helpers

const sensitive =
  /^(?:price|cost|amount|qty|quantit(?:y|ies)|(?:sub)?total|discount|coupon|voucher|promo|promocode|couponcode|rebate|refund|fee|tax|tip|balance|points?|credits?|rewards?|currency|roles?|permissions?|scopes?|admin|card|giftcard|pan|cvv|cvc|iban|password|passwd|pin|otp)s?$/;

/** A code behind these is no secret and worth no money. */
const harmlessCode =
  /^(?:area|bar|city|country|dial|error|lang|language|locale|phone|post|postal|product|province|qr|reason|region|response|state|status|zip)$/;
