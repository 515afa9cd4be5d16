import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { loadConsole } from "../../src/console/load-console.ts";
import {
  sampleDecision,
  sampleDelivery,
  sampleDetection,
  sampleEvidence,
  sampleIncident,
  sampleRunbook,
  sampleStatus,
} from "../support/api-samples.ts";
import { sampleReport } from "../support/detector-samples.ts";
import { chromiumMissing, startChromium } from "../support/chromium.ts";
import { eventually } from "../support/eventually.ts";
import { createTestApi, tokenConfig, type TestApi } from "../support/test-api.ts";

const missing = chromiumMissing();
const hostile = "<img src=x onerror=\"alert('img')\"><script>alert('script')</script>\u2028</p>";

describe.skipIf(missing)(`the console in Chromium${missing ? ` (${missing})` : ""}`, () => {
  let browser: Browser;
  const running: TestApi[] = [];

  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    for (const { app } of running.splice(0)) await app.close();
  });

  /** A console over fake services; what the browser complains about ends up in `complaints`. */
  async function open(
    path: string,
    options: { config?: object; context?: BrowserContextOptions; prepare?: (api: TestApi) => void } = {},
  ) {
    const api = createTestApi({ pages: await loadConsole(), clock: systemClock, config: options.config ?? {} });
    running.push(api);
    options.prepare?.(api);
    const url = await api.app.listen({ host: "127.0.0.1", port: 0 });
    const page = await (await browser.newContext(options.context)).newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(url + path);
    return { ...api, url, page, complaints };
  }

  test("shows what is going on, who is blocked, what comes in and who was told", async () => {
    const { page, complaints } = await open("/");
    await page.getByText("live", { exact: true }).waitFor();
    const text = await page.locator("body").innerText();
    for (const part of [
      "Credential stuffing on login", "critical", "paged: identity", "40 of 41 logins", "203.0.113.7",
      "0d9f6a3e-1c1b-4c53-9c0e-5b8f4d2a7e11", "nginx-json", "payment-storm", "lacks upstreamMs", "rate-limit-burst",
      "too little traffic so far", "screen for identity",
      "1,235", "0.9 s", "IP geolocation by DB-IP",
    ]) expect(text).toContain(part); // prettier-ignore
    expect(await page.title()).toBe("(1) gatewatch");
    expect(complaints).toEqual([]);
  });

  test("Acknowledge, Resolve and Lift are done, and shown at once", async () => {
    const { page, services, complaints } = await open("/");
    const incident = page.getByRole("article", { name: "Credential stuffing on login" });
    await incident.getByRole("button", { name: /^Acknowledge/ }).click();
    await incident.getByText("local is on it").waitFor();
    await incident.getByRole("button", { name: /^Resolve/ }).click();
    await page.getByText("Nothing is going on").waitFor();
    await page.getByRole("button", { name: /^Lift: ban of address 203\.0\.113\.7/ }).click();
    await page.getByText("Nobody is blocked").waitFor();
    expect(services.calls).toEqual([
      ["acknowledge", "inc_00000000000000a1", "local"],
      ["resolve", "inc_00000000000000a1", "local"],
      ["lift", 7, "local", "lifted on the console"],
    ]);
    expect(complaints).toEqual([]);
  });

  test("works with the keyboard alone, and keeps its place", async () => {
    const { page, services } = await open("/", {
      prepare: ({ services }) => services.incidentItems.push(sampleIncident({ id: "inc_2", title: "Another" })),
    });
    await page
      .getByRole("button", { name: /^Acknowledge/ })
      .first()
      .waitFor();
    for (let i = 0; i < 20 && !(await focusedText(page)).startsWith("Acknowledge"); i++)
      await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await eventually("the acknowledgement", () => services.calls.length === 1);
    await page.getByText("local is on it").waitFor();
    expect(await focusedText(page)).toBe("Credential stuffing on login");
  });

  test("what fails is said, and nothing pretends to be done", async () => {
    const { page, services } = await open("/", {
      prepare: ({ services }) => (services.refuseWith = "Bob resolved it already."),
    });
    await page.getByRole("button", { name: /^Acknowledge/ }).click();
    const alert = page.getByRole("alert").filter({ hasText: "Acknowledge did not work. Bob resolved it already." });
    await alert.waitFor();
    await page.getByRole("button", { name: /^Acknowledge/ }).click();
    await eventually("the second attempt", () => services.calls.length === 2);
  });

  test("news appear by themselves, and a lost connection is said and mended", async () => {
    const { page, services, url, app } = await open("/");
    await page.getByText("live", { exact: true }).waitFor();
    services.incidentItems.push(sampleIncident({ id: "inc_2", title: "Payments fail" }));
    await page.getByRole("article", { name: "Payments fail" }).waitFor();
    await app.close();
    await page.getByText(/^no news since/).waitFor();
    const again = createTestApi({ pages: await loadConsole(), clock: systemClock });
    running.push(again);
    await again.app.listen({ host: "127.0.0.1", port: Number(new URL(url).port) });
    await page.getByText("live", { exact: true }).waitFor();
    await eventually("the old incident to go", async () => (await page.getByText("Payments fail").count()) === 0);
  });

  test("a decision that waits for a person is confirmed; a dry run says whom it would have hit", async () => {
    const { page, services } = await open("/", {
      prepare: ({ services }) => {
        const wouldHaveHit = { requests: 812, succeeded: 3, signedIn: 3, bought: 0, users: ["u-8812"], userCount: 1 };
        const verdicts = [{ rule: "users", says: "ask" as const, reason: "nobody knows how many users share it" }];
        services.decisionItems = [
          sampleDecision({ state: "asked", verdicts }),
          sampleDecision({ id: 8, value: "192.0.2.9", dryRun: true, wouldHaveHit }),
        ];
      },
    });
    await page.getByText("The guard asks: nobody knows how many users share it").waitFor();
    await page.getByText("Would have refused 812 requests, 3 of them successful: 3 sign-ins. Users: u-8812.").waitFor();
    await page.getByRole("button", { name: /^Confirm/ }).click();
    await eventually("the confirmation", () => services.calls.length === 1);
    expect(services.calls).toEqual([["confirm", 7, "local"]]);
  });

  test("blocking is stopped only after a question, and its banner takes it up again", async () => {
    const { page, services } = await open("/");
    await page.getByRole("button", { name: /^Stop blocking/ }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    expect(services.calls).toEqual([]);
    await page.getByRole("button", { name: /^Stop blocking: / }).click();
    await page.getByRole("button", { name: "Stop blocking", exact: true }).click();
    await page.getByText("Blocking is stopped by local: everyone is let in.").waitFor();
    await page.getByRole("button", { name: /^Resume blocking/ }).click();
    await eventually("to resume", () => services.calls.length === 2);
    expect(services.calls).toEqual([
      ["stop", "local"],
      ["resume", "local"],
    ]);
  });

  test("quiet hours: every list says what is normal, and what stands in the way is on top", async () => {
    const { page } = await open("/", {
      prepare: ({ services }) => {
        [services.incidentItems, services.decisionItems, services.deliveryItems] = [[], [], []];
        const { sources, store } = services.statusNow;
        services.statusNow = sampleStatus({
          blocking: { mode: "observe", stopped: false },
          sources: sources.map((source) => ({ ...source, silent: true })),
          store: { ...store, reachable: false, journalRows: 12 },
        });
      },
    });
    for (const text of [
      "Nothing is going on.", "Nobody is blocked.", "Nobody was paged.", "Observing: decisions are listed",
      "Source edge is silent", "The store can't be reached.", "away, 12 rows in the journal",
    ]) await page.getByText(text).first().waitFor(); // prettier-ignore
    expect(await page.getByRole("button", { name: /^Stop blocking/ }).isVisible()).toBe(false);
  });

  test("what each detector lacks, and where; it stays open while figures change", async () => {
    const { page, services } = await open("/");
    const detectors = page.getByRole("article", { name: /^Detectors: / });
    const stuffing = detectors.getByText("credential-stuffing");
    await stuffing.click();
    const table = page.getByRole("table", { name: "What credential-stuffing needs" });
    expect(await table.getByRole("row").allInnerTexts()).toEqual([
      expect.stringMatching(/field\s+share/),
      expect.stringMatching(/clientIp\s+100 %\s+needed/),
      expect.stringMatching(/outcome\s+99 %\s+needed/),
      expect.stringMatching(/userId\s+42 %\s+makes it surer/),
    ]);
    await page.getByText("partners never has userId.").waitFor();
    await page.getByText("shop-event").waitFor();
    const [first, ...others] = services.statusNow.detectors;
    const blind = { ...others[1]!, missing: ["attempt"], events: 0, fields: [] };
    services.statusNow = sampleStatus({ detectors: [{ ...first!, events: 4_300 }, blind] });
    await page.getByText("of 4,300 events it looked at").waitFor();
    expect(await table.isVisible()).toBe(true);
    await page.getByText("waits for shop events, and none comes").waitFor();
  });

  test("detectors are listed by how they run, filtered, and lead to their pages", async () => {
    const { page, complaints } = await open("/");
    await page.getByRole("navigation", { name: "Pages" }).getByText("Detectors").click();
    await page.getByRole("heading", { name: "On trial" }).waitFor();
    const row = page.getByRole("article", { name: "A user in two places" });
    for (const text of ["dry run", "reduced", "lacks deviceId", "14 detections, 1 going on", "would have told people 3 times", "would have blocked 9, 2 of them customers"])
      await row.getByText(text).waitFor(); // prettier-ignore
    expect(await page.locator("section").filter({ hasText: "Off, by configuration" }).locator("h3").allInnerTexts()).toEqual(["A country's share rises"]); // prettier-ignore
    await page.getByRole("searchbox").fill("PAYMENT");
    expect(await page.locator("article:visible h3").allInnerTexts()).toEqual(["Payments fail"]);
    await page.getByRole("searchbox").fill("travel");
    await row.getByRole("link").click();
    await page.getByRole("heading", { name: "A user in two places", level: 1 }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("a dry run's report tells whom it would have blocked, and what other thresholds would have found", async () => {
    const { page, services, complaints } = await open("/detectors/impossible-travel");
    const facts = page.getByRole("region", { name: "What it would have done" });
    await facts.getByText("customers among them").waitFor();
    expect((await facts.innerText()).replaceAll(/\s+/g, " ")).toMatch(
      /detections 14 6\.7 a day .*would have blocked 9 4\.3 a day customers among them 2 \(1 had bought, 1 had signed in before\).*refused 812 requests, which named 5 users; 31 succeeded: 4 sign-ins, 2 steps of a purchase\./,
    );
    await facts.getByText("users-behind-address 2").waitFor();
    const table = page.getByRole("table", { name: "kilometresPerHour at other values" });
    expect(await table.locator("tbody tr").allInnerTexts()).toEqual([
      expect.stringMatching(/^500\s+40\s+13$/),
      expect.stringMatching(/^1,000 now\s+14\s+3$/),
      expect.stringMatching(/^1,250\s+11\s+–$/),
    ]);
    await page.getByText("1000 → 1250 would have fired 5.3 instead of 6.7 times a day").waitFor();
    await page.getByText("detectors: { impossible-travel: { mode: active } }").waitFor();
    await page.getByRole("article", { name: "ban of user u-8812" }).getByText("had bought").waitFor();
    await page
      .getByText("Would have refused 40 requests; 3 succeeded: 1 sign-in, 2 steps of a purchase. Users: u-8812.")
      .waitFor();
    services.reportItems = [sampleReport({ detections: 15 })];
    await facts.getByText("15", { exact: false }).first().waitFor();
    expect(complaints).toEqual([]);
  });

  test("floors that decide together are shown as multiples", async () => {
    const [one] = sampleReport().thresholds;
    const at = [1, 1.5].map((value) => ({ value, detections: 5 - value * 2, bought: 0, signedIn: 0 }));
    const together = {
      ...one!,
      parameter: "failures, accounts",
      multiplesOf: { failures: 8, accounts: 3 },
      value: 1,
      at,
    };
    const { page } = await open("/detectors/impossible-travel", {
      prepare: ({ services }) => (services.reportItems = [sampleReport({ thresholds: [together] })]),
    });
    const table = page.getByRole("table", { name: "failures, accounts at other values" });
    await table.waitFor();
    expect(await table.getByRole("rowheader").allInnerTexts()).toEqual(["× 1 now", "× 1.5"]);
  });

  test("a detector that acts says what it did; one that is off has no report", async () => {
    const { page, url, complaints } = await open("/detectors/impossible-travel", {
      prepare: ({ services }) => (services.reportItems = [sampleReport({ mode: "active", promote: undefined })]),
    });
    await page.getByRole("region", { name: "What it did" }).waitFor();
    expect(await page.getByRole("region", { name: "Thresholds" }).count()).toBe(0);
    await page.goto(`${url}/detectors/country-surge`);
    await page.getByRole("region", { name: "Parameters" }).waitFor();
    expect(await page.getByRole("region", { name: /What it (did|would)/ }).count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test.for([
    "/",
    "/incidents/inc_00000000000000a1",
    "/runbooks/credential-stuffing",
    "/detectors",
    "/detectors/impossible-travel",
  ])("%s shows hostile text as text", async (path) => {
    const { page, complaints } = await open(path, { prepare: ({ services }) => plantHostileText(services) });
    await page.getByText("onerror").first().waitFor();
    await page.waitForLoadState("networkidle", { timeout: 1000 }).catch(() => "the event stream never ends");
    expect(await page.locator("main img, main script, main svg").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("an incident's page has its runbook, evidence, decisions and timeline", async () => {
    const { page, services, complaints } = await open("/incidents/inc_00000000000000a1");
    await page.getByRole("heading", { name: "Credential stuffing on login" }).waitFor();
    expect(await page.locator("#runbook strong").innerText()).toBe("stolen passwords");
    expect(await page.locator("#evidence tbody tr").allInnerTexts()).toEqual([
      expect.stringMatching(/POST \/api\/login\s+401, failed\s+203\.0\.113\.7 NL\s+u-17\s+python-requests/),
    ]);
    await page.getByText("Banned ip 203.0.113.7 for 15m").waitFor();
    await page.getByRole("button", { name: /^Acknowledge/ }).click();
    await page.getByText("on it", { exact: true }).waitFor();
    expect(services.calls).toEqual([["acknowledge", "inc_00000000000000a1", "local"]]);
    expect(complaints).toEqual([]);
  });

  test("where tokens are set it asks for one, says when it is wrong, and keeps it for the tab", async () => {
    const { page } = await open("/", { config: tokenConfig });
    await page.getByLabel("Token").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("This token is not known here.").waitFor();
    await page.getByLabel("Token").fill("secret-responder");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("live", { exact: true }).waitFor();
    await page.reload();
    await page.getByText("live", { exact: true }).waitFor();
    await page.getByRole("button", { name: /^Acknowledge/ }).click();
    await page.getByText("the responder is on it").waitFor();
    expect(await page.evaluate("localStorage.length + document.cookie.length")).toBe(0);
  });

  test.for([
    ["a phone", 360],
    ["a wide screen", 1600],
  ] as const)("nothing sticks out on %s", async ([, width]) => {
    for (const path of ["/", "/incidents/inc_00000000000000a1", "/detectors", "/detectors/impossible-travel"]) {
      const prepare = ({ services }: TestApi) => plantHostileText(services);
      const { page } = await open(path, { context: { viewport: { width, height: 800 } }, prepare });
      await page.getByText("onerror").first().waitFor();
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    }
  });

  test("the API's documentation works under the same rules", async () => {
    const { page, url } = await open("/docs");
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.reload();
    await page.getByText("/v1/incidents/{id}/acknowledge").waitFor();
    expect(asked.filter((address) => !address.startsWith(url) && !address.startsWith("data:"))).toEqual([]);
  });
});

// helpers

function plantHostileText(services: TestApi["services"]): void {
  const long = `${"x".repeat(300)}${hostile}`;
  services.incidentItems = [
    sampleIncident({ title: hostile, summary: long, keys: [`userId ${hostile}`], team: hostile }),
  ];
  services.decisionItems = [sampleDecision({ value: hostile, scope: "user", reason: long })];
  const delivery = sampleDelivery();
  services.deliveryItems = [{ ...delivery, page: { ...delivery.page, title: hostile, evidence: [long] } }];
  const evidence = [sampleEvidence({ userAgent: hostile, path: `/${hostile}`, userId: hostile, clientIp: hostile })];
  services.detectionItems = [sampleDetection({ evidence, summary: long, key: { userId: hostile } })];
  const report = sampleReport({ keys: [{ key: `userId ${hostile}`, times: 2 }] });
  services.reportItems = [{ ...report, latest: report.latest.map((block) => ({ ...block, value: long })) }];
  services.detectorItems = services.detectorItems.map((item) => ({ ...item, title: hostile, description: long }));
  services.runbookItems = [
    sampleRunbook({ title: hostile, steps: `# ${hostile}\n\n${hostile}\n\n[x](javascript:alert(1))` }),
  ];
}

async function focusedText(page: Page): Promise<string> {
  return String(await page.evaluate("document.activeElement?.textContent ?? ''"));
}
