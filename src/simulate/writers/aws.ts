import { pathOf, shopHost, timedFields, usualFields, type LineFormat } from "../writer.ts";
import { asSeconds } from "../written-time.ts";

/** API Gateway with the template of docs/formats.md; every value is text. */
export const awsApiGateway: LineFormat = {
  id: "aws-api-gateway",
  kind: "json",
  carries: [...usualFields, "startedAt", "host", "durationMs", "upstreamMs", "answeredBy", "requestId"],
  create: () => (x) => {
    const path = pathOf(x.target);
    const isAnswered = x.upstreamMs !== undefined;
    const error = isAnswered ? "-" : x.status === 429 ? "THROTTLED" : x.status >= 500 ? "INTEGRATION_FAILURE" : "-";
    return `{"requestId":"${x.requestId}","extendedRequestId":"${x.requestId}","requestTimeEpoch":"${x.time - x.durationMs}","ip":"${x.visitor.ip}","host":"${shopHost}","httpMethod":"${x.method}","stage":"prod","path":"/prod${path}","resourcePath":"/{proxy+}","status":"${x.status}","responseLatency":"${x.durationMs}","integrationLatency":"${x.upstreamMs ?? "-"}","integrationStatus":"${isAnswered ? x.status : "-"}","errorType":"${error}","waf":"-","responseLength":"${x.responseBytes}","userAgent":"${x.visitor.userAgent}"`;
  },
};

/** An Application Load Balancer. */
export const awsAlb: LineFormat = {
  id: "aws-alb",
  kind: "text",
  carries: timedFields,
  create: (times) => (x) => {
    const isAnswered = x.upstreamMs !== undefined;
    const steps = isAnswered
      ? `0.000 ${asSeconds(x.upstreamMs!)} ${asSeconds(x.durationMs - x.upstreamMs!)}`
      : "-1 -1 -1";
    const target = isAnswered ? "10.20.7.9:8080" : "-";
    const status = isAnswered ? String(x.status) : "-";
    return `h2 ${times.isoLocal(x.time)}000Z app/shop/50dc6c495c0c9188 ${x.visitor.ip}:51877 ${target} ${steps} ${x.status} ${status} ${x.requestBytes} ${x.responseBytes} "${x.method} https://${shopHost}:443${x.target} HTTP/2.0" "${x.visitor.userAgent}" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/shop/73e2d6bc24d8a067 "Root=1-${x.requestId.slice(0, 8)}-${x.requestId.slice(8)}" "${shopHost}" "-" 0 ${times.isoLocal(x.time - x.durationMs)}000Z "forward" "-" "-" "${target}" "${status}" "-" "-" TID_1`;
  },
};
