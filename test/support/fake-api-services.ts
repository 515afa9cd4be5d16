import type { ActionResult, ApiServices, DetectorDetail } from "../../src/api/api-services.ts";
import type { CheckAnswer, CheckRequest } from "../../src/block/check.ts";
import type { Decision } from "../../src/block/decision.ts";
import type { LiveReport } from "../../src/block/detector-trial.ts";
import type { Detection } from "../../src/detect/detection.ts";
import type { Incident } from "../../src/incident/incident.ts";
import type { Runbook } from "../../src/incident/runbook.ts";
import type { Silence } from "../../src/incident/silence.ts";
import type { Delivery } from "../../src/notify/notifier.ts";
import type { ServiceStatus } from "../../src/api/service-status.ts";
import { sampleDetectors, sampleReport } from "./detector-samples.ts";
import {
  sampleBaseline,
  sampleDecision,
  sampleDelivery,
  sampleDetection,
  sampleIncident,
  sampleRunbook,
  sampleStatus,
  sampleTime,
  sampleTimeline,
} from "./api-samples.ts";

/** Services over plain arrays, which tests may change; every action is noted in `calls`. */
export class FakeApiServices implements ApiServices {
  readonly calls: unknown[][] = [];
  incidentItems: Incident[] = [sampleIncident()];
  detectionItems: Detection[] = [sampleDetection()];
  detectorItems: DetectorDetail[] = sampleDetectors();
  reportItems: LiveReport[] = [sampleReport()];
  decisionItems: Decision[] = [sampleDecision()];
  silenceItems: Silence[] = [];
  deliveryItems: Delivery[] = [sampleDelivery()];
  runbookItems: Runbook[] = [sampleRunbook()];
  statusNow: ServiceStatus = sampleStatus();
  notReady: string[] = [];
  /** Every action is refused for this reason while it is set. */
  refuseWith: string | undefined;

  readonly incidents: ApiServices["incidents"] = {
    list: async ({ state, limit, before }) =>
      this.incidentItems
        .filter((item) => !state || (state === "live" ? item.state !== "resolved" : item.state === state))
        .filter((item) => !before || isBefore({ time: item.openedAt, id: item.id }, before))
        .slice(0, limit),
    get: async (id) => {
      const incident = this.incidentItems.find((item) => item.id === id);
      if (!incident) return undefined;
      return {
        incident,
        timeline: sampleTimeline(),
        detections: this.detectionItems,
        decisions: this.decisionItems.filter((item) => item.incident === id),
      };
    },
    acknowledge: async (id, by) =>
      this.#change(["acknowledge", id, by], this.incidentItems, (item) => item.id === id, {
        state: "acknowledged",
        acknowledgedBy: by,
        acknowledgedAt: sampleTime,
      }),
    resolve: async (id, by) =>
      this.#change(["resolve", id, by], this.incidentItems, (item) => item.id === id, {
        state: "resolved",
        resolvedBy: by,
        resolvedAt: sampleTime,
      }),
  };

  readonly detections: ApiServices["detections"] = {
    list: async ({ detector, state, limit }) =>
      this.detectionItems
        .filter((item) => (!detector || item.detector === detector) && (!state || item.state === state))
        .slice(0, limit),
    get: async (id) => this.detectionItems.find((item) => item.id === id),
  };

  readonly detectors: ApiServices["detectors"] = {
    list: () => this.detectorItems,
    get: (id) => this.detectorItems.find((item) => item.id === id),
    report: (id) => this.reportItems.find(({ detector }) => detector === id),
  };

  readonly decisions: ApiServices["decisions"] = {
    list: async ({ state, scope, value, limit }) =>
      this.decisionItems
        .filter(
          (item) => !state || (state === "current" ? ["active", "asked"].includes(item.state) : item.state === state),
        )
        .filter((item) => (!scope || item.scope === scope) && (!value || item.value === value))
        .slice(0, limit),
    add: async ({ forMs, by, ...rest }) => {
      this.calls.push(["add", { ...rest, forMs, by }]);
      if (this.refuseWith) return { kind: "refused", reason: this.refuseWith };
      const decision = sampleDecision({ ...rest, id: 99, origin: "manual", until: sampleTime + forMs });
      this.decisionItems.unshift(decision);
      return { kind: "done", value: decision };
    },
    lift: async (id, by, reason) =>
      this.#change(["lift", id, by, reason], this.decisionItems, (item) => item.id === id, {
        state: "lifted",
        liftedBy: by,
        liftedAt: sampleTime,
      }),
    confirm: async (id, by) =>
      this.#change(["confirm", id, by], this.decisionItems, (item) => item.id === id, { state: "active" }),
  };

  readonly silences: ApiServices["silences"] = {
    list: async () => this.silenceItems,
    create: async (asked, by) => {
      this.calls.push(["silence", asked, by]);
      const { runbook, detector, team, ...rest } = asked;
      const silence: Silence = {
        ...rest,
        runbook,
        detector,
        team,
        id: "sil_00000000000000c1",
        version: 1,
        startsAt: sampleTime,
        by,
        endedBy: undefined,
      };
      this.silenceItems.push(silence);
      return { kind: "done", value: silence };
    },
    end: async (id, by) => this.#change(["end", id, by], this.silenceItems, (item) => item.id === id, { endedBy: by }),
  };

  readonly deliveries: ApiServices["deliveries"] = {
    list: async ({ channel, limit }) =>
      this.deliveryItems.filter((item) => !channel || item.channel === channel).slice(0, limit),
  };

  readonly runbooks: ApiServices["runbooks"] = {
    list: () => this.runbookItems,
    get: (id) => this.runbookItems.find((item) => item.id === id),
  };

  readonly baselines: ApiServices["baselines"] = {
    now: (of) => ({
      ...{ holdsFrom: sampleTime, learnedTo: sampleTime - 3_600_000, timeZone: "UTC" },
      places: of === "requests" ? [{ place: "route /api/login", ...sampleBaseline }] : [],
    }),
    week: (_of, place) =>
      place === "route /api/login"
        ? Array.from({ length: 168 }, (_, hourOfWeek) => ({ ...sampleBaseline, hourOfWeek }))
        : undefined,
  };

  checkAnswer: () => CheckAnswer = () => ({
    status: 403,
    headers: { "x-gatewatch-reference": "ref-1", "retry-after": "60" },
    body: "",
  });

  check({ headers, peer, fromGateway }: CheckRequest): CheckAnswer {
    this.calls.push(["check", headers["x-forwarded-for"], peer, fromGateway]);
    return this.checkAnswer();
  }

  readonly logs: ApiServices["logs"] = {
    maxBodyBytes: 1024,
    accept: async (source, body, headers) => {
      this.calls.push(["accept", source, body.toString("latin1"), headers.contentType, headers.contentEncoding]);
      return { status: 202, body: { accepted: body.toString().split("\n").filter(Boolean).length, rejected: 0 } };
    },
  };

  readonly blocking: ApiServices["blocking"] = {
    stop: async (by) => this.#switch(true, by),
    resume: async (by) => this.#switch(false, by),
  };

  async why(subject: string) {
    return {
      subject,
      lines: [`${subject} is banned until 09:14 (Credential stuffing on login).`],
      decisions: this.decisionItems,
      detections: this.detectionItems,
      incidents: this.incidentItems,
    };
  }

  status(): ServiceStatus {
    return this.statusNow;
  }

  ready(): readonly string[] {
    return this.notReady;
  }

  #switch(stopped: boolean, by: string): void {
    this.calls.push([stopped ? "stop" : "resume", by]);
    const blocking = { ...this.statusNow.blocking, stopped, stoppedBy: stopped ? by : undefined };
    this.statusNow = { ...this.statusNow, blocking };
  }

  #change<T extends { readonly version: number }>(
    call: unknown[],
    items: T[],
    matches: (item: T) => boolean,
    changes: Partial<T>,
  ): ActionResult<T> {
    this.calls.push(call);
    if (this.refuseWith) return { kind: "refused", reason: this.refuseWith };
    const index = items.findIndex(matches);
    const before = items[index];
    if (!before) return { kind: "unknown" };
    const after = { ...before, ...changes, version: before.version + 1 };
    items[index] = after;
    return { kind: "done", value: after };
  }
}

// helpers

function isBefore(a: { time: number; id: string }, b: { time: number; id: string }): boolean {
  return a.time < b.time || (a.time === b.time && a.id < b.id);
}
