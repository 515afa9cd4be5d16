/**
 * Just enough SQL to keep the conditions honest that parts hand to `Store.latest`: comparisons,
 * `IN`, `has()`, `IS NULL`, `AND`, `OR`, `NOT`, parentheses, literals, `{name:Type}` parameters.
 * What it doesn't know is an error, so that a test never passes by accident.
 */
export function compileWhere(sql: string): (columns: Row, params: Row) => boolean {
  const tokens = tokenize(sql);
  let at = 0;
  const peek = () => tokens[at]?.toLowerCase();
  const take = (expected?: string) => {
    const token = tokens[at++];
    if (token === undefined || (expected && token.toLowerCase() !== expected)) {
      throw new Error(`memory store: expected ${expected ?? "more"} at ${token ?? "the end"} in: ${sql}`);
    }
    return token;
  };
  const accept = (word: string) => peek() === word && at++ >= 0;

  function either(): Value {
    let left = both();
    while (accept("or")) left = combine(left, both(), (a, b) => truthy(a) || truthy(b));
    return left;
  }
  function both(): Value {
    let left = negation();
    while (accept("and")) left = combine(left, negation(), (a, b) => truthy(a) && truthy(b));
    return left;
  }
  function negation(): Value {
    if (!accept("not")) return comparison();
    const inner = negation();
    return (c, p) => !truthy(inner(c, p));
  }
  function comparison(): Value {
    const left = operand();
    const negated = accept("not");
    if (accept("in")) {
      const right = operand();
      return combine(left, right, (a, b) => asArray(b).map(String).includes(String(a)) !== negated);
    }
    if (accept("is")) {
      const not = accept("not");
      take("null");
      return (c, p) => ((left(c, p) ?? null) === null) !== not;
    }
    const compare = comparisons[peek() ?? ""];
    if (!compare) return left;
    take();
    // As in SQL: a comparison with nothing is never true.
    return combine(left, operand(), (a, b) => a !== null && b !== null && compare(a, b));
  }
  function operand(): Value {
    const token = take();
    if (token === "(") {
      const items = [either()];
      while (accept(",")) items.push(either());
      take(")");
      return items.length === 1 ? (items[0] as Value) : (c, p) => items.map((item) => item(c, p));
    }
    if (token.startsWith("{")) {
      const name = token.slice(1, token.indexOf(":"));
      return (_, params) => {
        if (!(name in params)) throw new Error(`memory store: no parameter ${name} for: ${sql}`);
        return params[name];
      };
    }
    if (token.startsWith("'")) return () => token.slice(1, -1);
    if (/^-?\d/.test(token)) return () => Number(token);
    if (token === "true" || token === "false") return () => token === "true";
    if (peek() !== "(") {
      const name = token.replaceAll("`", "");
      return (columns) => {
        if (!(name in columns)) throw new Error(`memory store: no column ${name} for: ${sql}`);
        return columns[name];
      };
    }
    take("(");
    const args = [either()];
    while (accept(",")) args.push(either());
    take(")");
    const fn = functions[token];
    if (!fn) throw new Error(`memory store: no function ${token} for: ${sql}`);
    return (c, p) => fn(args.map((arg) => arg(c, p)));
  }

  const whole = tokens.length === 0 ? () => true : either();
  if (at < tokens.length) throw new Error(`memory store: can't read ${tokens[at]} in: ${sql}`);
  return (columns, params) => truthy(whole(columns, params));
}

// helpers

type Row = Readonly<Record<string, unknown>>;
type Value = (columns: Row, params: Row) => unknown;

const comparisons: Readonly<Record<string, (a: unknown, b: unknown) => boolean>> = {
  "=": (a, b) => String(a) === String(b),
  "!=": (a, b) => String(a) !== String(b),
  "<": (a, b) => order(a) < order(b),
  "<=": (a, b) => order(a) <= order(b),
  ">": (a, b) => order(a) > order(b),
  ">=": (a, b) => order(a) >= order(b),
};

const functions: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  has: ([list, item]) => asArray(list).map(String).includes(String(item)),
  hasAny: ([list, items]) => asArray(items).some((item) => asArray(list).map(String).includes(String(item))),
  mapValues: ([map]) => Object.values(map as Row),
  fromUnixTimestamp64Milli: ([ms]) => ms,
  toUnixTimestamp64Milli: ([ms]) => ms,
  lower: ([text]) => String(text).toLowerCase(),
};

function combine(left: Value, right: Value, by: (a: unknown, b: unknown) => unknown): Value {
  return (c, p) => by(left(c, p), right(c, p));
}

function truthy(value: unknown): boolean {
  return Boolean(value);
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function order(value: unknown): number | string {
  return typeof value === "string" && Number.isNaN(Number(value)) ? value : Number(value);
}

function tokenize(sql: string): string[] {
  return sql.match(/\{\w+:[^}]+\}|'[^']*'|`[^`]*`|[A-Za-z_]\w*|-?\d+(?:\.\d+)?|<=|>=|!=|[=<>(),]|\S/g) ?? [];
}
