import { pathOf, shopHost, timedFields, type LineFormat } from "../writer.ts";

/** A gateway of one's own: a JSON log whose names nobody else has, read by a map of its fields. */
export const ownJson: LineFormat = {
  id: "own-json",
  kind: "text",
  described: {
    fields: {
      time: { path: "at", unit: "ms", at: "end" },
      clientIp: "who.ip",
      userAgent: "who.agent",
      method: "verb",
      host: "site",
      path: "what",
      status: "code",
      upstreamStatus: "backend.code",
      upstreamMs: { path: "backend.took", unit: "ms", at: "end" },
      durationMs: { path: "took", unit: "ms", at: "end" },
      requestBytes: "bytes.in",
      responseBytes: "bytes.out",
      requestId: "id",
    },
  },
  carries: [...timedFields, "requestId"],
  create: () => (x) => {
    const { ip, userAgent } = x.visitor;
    const backend = x.upstreamMs === undefined ? '"code":""' : `"code":${x.status},"took":${x.upstreamMs}`;
    return `{"at":${x.time},"id":"${x.requestId}","who":{"ip":"${ip}","agent":"${userAgent}"},"verb":"${x.method}","site":"${shopHost}","what":"${pathOf(x.target)}","code":${x.status},"took":${x.durationMs},"bytes":{"in":${x.requestBytes},"out":${x.responseBytes}},"backend":{${backend}}}`;
  },
};
