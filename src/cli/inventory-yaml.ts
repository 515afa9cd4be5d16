import { Document, isMap, isScalar, isSeq, type Node } from "yaml";
import type { EndpointConfig } from "../normalize/endpoint-config.ts";

/** An endpoint to be printed; keys that are left out have their default. */
export interface InventoryEntry
  extends Pick<EndpointConfig, "route" | "class">, Partial<Omit<EndpointConfig, "method" | "route" | "class">> {
  readonly method: string | readonly string[];
  /** What it was guessed from, behind the class. */
  readonly comment?: string;
}

/** An inventory in YAML, to be pasted into a configuration or kept as a file of its own; lines of `header` come first, as comments. */
export function inventoryYaml(entries: readonly InventoryEntry[], header: readonly string[]): string {
  const document = new Document({ endpoints: entries.map(inOrder) });
  document.commentBefore = header.map((line) => ` ${plain(line)}`).join("\n");
  const list = document.get("endpoints") as Node;
  for (const [i, item] of (isSeq(list) ? list.items : []).entries()) {
    if (!isMap(item)) continue;
    for (const { key, value } of item.items) {
      if (isSeq(value) || isMap(value)) value.flow = true;
      const comment = entries[i]?.comment;
      if (isScalar(key) && key.value === "class" && isScalar(value) && comment) value.comment = ` ${plain(comment)}`;
    }
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

// helpers

/** The keys in the order in which people read them. */
function inOrder(entry: InventoryEntry): Record<string, unknown> {
  const { method, route, query, operation, class: endpointClass, comment: _, ...others } = entry;
  return {
    method,
    route,
    ...(query && { query }),
    ...(operation !== undefined && { operation }),
    class: endpointClass,
    ...others,
  };
}

/** A comment must not end before it ends, nor move a cursor. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "?").slice(0, 300);
}
