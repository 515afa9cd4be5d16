import type { LogFormat } from "./log-format.ts";
import { apacheCombined } from "./formats/apache-combined.ts";
import { apisix } from "./formats/apisix.ts";
import { ecs } from "./formats/ecs.ts";
import { envoyGateway } from "./formats/envoy-gateway.ts";
import { ingressNginx } from "./formats/ingress-nginx.ts";
import { kong } from "./formats/kong.ts";
import { nginxCombined } from "./formats/nginx-combined.ts";
import { nginxJson } from "./formats/nginx-json.ts";
import { otelHttp } from "./formats/otel-http.ts";
import { shopEvent } from "./formats/shop-event.ts";
import { awsAlb } from "./formats/aws-alb.ts";
import { awsApiGateway } from "./formats/aws-api-gateway.ts";
import { azureAppGateway } from "./formats/azure-app-gateway.ts";
import { cloudflare } from "./formats/cloudflare.ts";
import { cloudfrontStandard } from "./formats/cloudfront-standard.ts";
import { gcpLoadBalancer } from "./formats/gcp-load-balancer.ts";
import { caddy } from "./formats/caddy.ts";
import { envoyOtlp } from "./formats/envoy-otlp.ts";
import { envoyText } from "./formats/envoy-text.ts";
import { haproxyHttp } from "./formats/haproxy-http.ts";
import { haproxyJson } from "./formats/haproxy-json.ts";
import { traefikClf } from "./formats/traefik-clf.ts";
import { traefikJson } from "./formats/traefik-json.ts";

/** Every format that needs no map of its fields. A new one is added here, and nowhere else. */
export const formatList: readonly LogFormat[] = [
  envoyGateway,
  kong,
  nginxCombined,
  nginxJson,
  apisix,
  ingressNginx,
  apacheCombined,
  otelHttp,
  ecs,
  shopEvent,
  awsAlb,
  awsApiGateway,
  azureAppGateway,
  cloudflare,
  cloudfrontStandard,
  gcpLoadBalancer,
  caddy,
  envoyOtlp,
  envoyText,
  haproxyHttp,
  haproxyJson,
  traefikClf,
  traefikJson,
];

/** What `format:` of a source may say, besides the names of formats of one's own. */
export const formatNames: readonly string[] = ["auto", ...formatList.map((format) => format.id)];
