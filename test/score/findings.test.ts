import { expect, test } from "vitest";
import { Findings } from "../../src/score/findings.ts";
import { aDetection } from "../support/a-detection.ts";

test("an episode that was sealed under another id is what the sealed one says, however the eager one ended", () => {
  const findings = new Findings();
  const eager = aDetection();
  const sealed = aDetection({ id: "det_sealed", supersedes: eager.id, sealed: true });
  findings.detections([eager, sealed, aDetection({ version: eager.version + 1, state: "unconfirmed" })], 0);
  expect(findings.findings()).toMatchObject([{ first: eager, detection: sealed }]);
  expect(findings.finding(eager.id)).toBe(findings.finding(sealed.id));
});
