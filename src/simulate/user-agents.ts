const safari = (system: string, version: string, end: string) =>
  `Mozilla/5.0 (${system}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${version} ${end}`;
const chrome = (system: string, version: string, end = "") =>
  `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 ${end}Safari/537.36`;
const firefox = (system: string, version: string) =>
  `Mozilla/5.0 (${system}; rv:${version}) Gecko/20100101 Firefox/${version}`;

export const laptopBrowsers: readonly string[] = [
  ...["144", "145", "146"].flatMap((version) => [
    chrome("Windows NT 10.0; Win64; x64", version),
    chrome("Macintosh; Intel Mac OS X 10_15_7", version),
    chrome("X11; Linux x86_64", version),
  ]),
  ...["147.0", "148.0"].flatMap((version) => [
    firefox("Windows NT 10.0; Win64; x64", version),
    firefox("Macintosh; Intel Mac OS X 10.15", version),
    firefox("X11; Ubuntu; Linux x86_64", version),
  ]),
  safari("Macintosh; Intel Mac OS X 10_15_7", "26.1", "Safari/605.1.15"),
  safari("Macintosh; Intel Mac OS X 10_15_7", "18.6", "Safari/605.1.15"),
];

export const phoneBrowsers: readonly string[] = [
  safari("iPhone; CPU iPhone OS 18_6 like Mac OS X", "26.1", "Mobile/15E148 Safari/604.1"),
  safari("iPhone; CPU iPhone OS 18_5 like Mac OS X", "18.5", "Mobile/15E148 Safari/604.1"),
  safari("iPad; CPU OS 18_6 like Mac OS X", "18.6", "Mobile/15E148 Safari/604.1"),
  chrome("Linux; Android 10; K", "146", "Mobile "),
  chrome("Linux; Android 10; K", "145", "Mobile "),
];

/** The shop's own app. */
export const apps: readonly string[] = [
  "ShopApp/5.2.1 (iOS 18.6; iPhone16,2)",
  "ShopApp/5.2.1 (iOS 18.5; iPhone14,5)",
  "ShopApp/5.2.0 (Android 16; Pixel 9)",
  "ShopApp/5.2.0 (Android 15; SM-S921B)",
  "ShopApp/5.1.4 (Android 14; SM-A546B)",
];

/** What people write scripts with, good ones and bad ones. */
export const tools: readonly string[] = [
  "python-requests/2.32.3",
  "okhttp/4.12.0",
  "Go-http-client/2.0",
  "curl/8.9.1",
  "axios/1.7.9",
  "Apache-HttpClient/5.3.1 (Java/21.0.5)",
];
