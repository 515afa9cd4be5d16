import type { LogFormat } from "./log-format.ts";
import { apacheCombined } from "./formats/apache-combined.ts";
import { apisix } from "./formats/apisix.ts";
import { envoyGateway } from "./formats/envoy-gateway.ts";
import { ingressNginx } from "./formats/ingress-nginx.ts";
import { kong } from "./formats/kong.ts";
import { nginxCombined } from "./formats/nginx-combined.ts";
import { nginxJson } from "./formats/nginx-json.ts";
import { shopEvent } from "./formats/shop-event.ts";

/** Every format that needs no map of its fields. A new one is added here, and nowhere else. */
export const formatList: readonly LogFormat[] = [
  envoyGateway,
  kong,
  nginxCombined,
  nginxJson,
  apisix,
  ingressNginx,
  apacheCombined,
  shopEvent,
];

/** What `format:` of a source may say, besides the names of formats of one's own. */
export const formatNames: readonly string[] = ["auto", ...formatList.map((format) => format.id)];
