import { shopAttributes } from "../normalize/formats/shop-event.ts";
import type { Exchange } from "./exchange.ts";
import type { Place } from "./places.ts";
import type { ShopAttributes, ShopEvent } from "./shop-event.ts";

/** Writes what the shop's application says: in headers of an answer, and as events of its own. */
export class ShopText {
  /** Places are few, and each is written a thousand times a second. */
  readonly #places = new WeakMap<Place, string>();
  #events = 0;

  /** Keys that follow a gateway's own: always the same, so that lines have one shape; what is unknown is empty. */
  keys(x: Exchange): string {
    const { role, apiKey, sessionId, deviceId, place } = x.visitor;
    const attributes = x.attributes === undefined ? "" : attributesText(x.attributes).slice(1);
    const override = x.methodOverride === undefined ? "" : `"method_override":"${x.methodOverride}",`;
    return `${override}"user_id":"${x.userId ?? ""}","role":"${role ?? ""}","api_key":"${apiKey ?? ""}","session":"${sessionId ?? ""}","device":"${deviceId ?? ""}",${this.#place(place)},"outcome":"${x.outcome ?? ""}","attributes":{${attributes}}`;
  }

  /** One event in the schema of docs/shop-events.md; `time`: epoch ms. */
  event({ event, visitor, userId, attributes }: ShopEvent, time: number): string {
    const user = userId ?? visitor.userId;
    const { sessionId, deviceId, apiKey, role, place } = visitor;
    const who =
      (user === undefined ? "" : `,"userId":"${user}"`) +
      (sessionId === undefined ? "" : `,"sessionId":"${sessionId}"`) +
      (deviceId === undefined ? "" : `,"deviceId":"${deviceId}"`) +
      (apiKey === undefined ? "" : `,"apiKey":"${apiKey}"`) +
      (role === undefined ? "" : `,"role":"${role}"`);
    const more = attributes === undefined ? "" : besideText(attributes);
    return `{"event":"${event}","time":${time},"id":"e-${++this.#events}","clientIp":"${visitor.ip}","userAgent":"${visitor.userAgent}",${this.#place(place)}${who}${more}}`;
  }

  #place(place: Place): string {
    let text = this.#places.get(place);
    if (text === undefined) {
      const { country, asn, latitude, longitude } = place;
      text = `"country":"${country}","asn":${asn},"latitude":${latitude},"longitude":${longitude}`;
      this.#places.set(place, text);
    }
    return text;
  }
}

// helpers

const beside: ReadonlySet<string> = new Set(shopAttributes);

/** Known attributes stand beside the other fields, others under `attributes`. */
function besideText(attributes: ShopAttributes): string {
  for (const name in attributes) {
    if (beside.has(name)) continue;
    const all = Object.entries(attributes);
    const known = Object.fromEntries(all.filter(([one]) => beside.has(one)));
    const others = Object.fromEntries(all.filter(([one]) => !beside.has(one)));
    return `${attributesText(known)},"attributes":{${attributesText(others).slice(1)}}`;
  }
  return attributesText(attributes);
}

/** `,"sku":"A-17","quantity":3` */
function attributesText(attributes: ShopAttributes): string {
  let text = "";
  for (const name in attributes) {
    const value = attributes[name] as string | number;
    text += typeof value === "number" ? `,"${name}":${value}` : `,"${name}":"${value}"`;
  }
  return text;
}
