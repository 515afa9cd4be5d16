import { shopHost, timedFields, type LineFormat } from "../writer.ts";

/** Traefik with `format: json`, and its default of headers: the user agent alone was asked for. */
export const traefikJson: LineFormat = {
  id: "traefik-json",
  kind: "json",
  carries: timedFields,
  create: (times) => {
    let count = 0;
    return (x) => {
      const { ip, userAgent } = x.visitor;
      const start = times.iso(x.time - x.durationMs);
      const peer = ip.includes(":") ? `[${ip}]` : ip;
      const origin =
        x.upstreamMs === undefined
          ? '"OriginContentSize":0,"OriginDuration":0,"OriginStatus":0'
          : `"OriginContentSize":${x.responseBytes},"OriginDuration":${x.upstreamMs}000000,"OriginStatus":${x.status}`;
      return `{"ClientAddr":"${peer}:40112","ClientHost":"${ip}","ClientPort":"40112","ClientUsername":"-","DownstreamContentSize":${x.responseBytes},"DownstreamStatus":${x.status},"Duration":${x.durationMs}000000,${origin},"RequestAddr":"${shopHost}","RequestContentSize":${x.requestBytes},"RequestCount":${++count},"RequestHost":"${shopHost}","RequestMethod":"${x.method}","RequestPath":"${x.target}","RequestPort":"-","RequestProtocol":"HTTP/2.0","RequestScheme":"https","RetryAttempts":0,"RouterName":"api@file","StartLocal":"${start}","StartUTC":"${start}","entryPointName":"websecure","level":"info","msg":"","request_User-Agent":"${userAgent}","time":"${times.iso(x.time).slice(0, 19)}Z"`;
    };
  },
};
