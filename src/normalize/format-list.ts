import type { LogFormat } from "./log-format.ts";
import { envoyGateway } from "./formats/envoy-gateway.ts";
import { kong } from "./formats/kong.ts";
import { nginxCombined } from "./formats/nginx-combined.ts";
import { nginxJson } from "./formats/nginx-json.ts";

/** Every format that needs no map of its fields. A new one is added here, and nowhere else. */
export const formatList: readonly LogFormat[] = [envoyGateway, kong, nginxCombined, nginxJson];

/** What `format:` of a source may say, besides the names of formats of one's own. */
export const formatNames: readonly string[] = ["auto", ...formatList.map((format) => format.id)];
