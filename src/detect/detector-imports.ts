import { registerHooks } from "node:module";
import { extname } from "node:path";

let registered = false;

/**
 * Lets a detector in any folder write `import { defineDetector } from "gatewatch/detector"` and
 * `import { z } from "zod"` without installing anything: both are ours, as schemas of another copy
 * of zod would not be known as such. Files inside this project resolve as usual.
 */
export function allowDetectorImports(): void {
  if (registered) return;
  registered = true;
  const root = new URL("../../", import.meta.url).href;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const foreign = context.parentURL?.startsWith("file:") && !context.parentURL.startsWith(root);
      if (foreign && specifier === "gatewatch/detector") {
        return {
          url: new URL(`./define-detector${extname(import.meta.url)}`, import.meta.url).href,
          shortCircuit: true,
        };
      }
      return foreign && specifier === "zod"
        ? nextResolve(specifier, { ...context, parentURL: import.meta.url })
        : nextResolve(specifier, context);
    },
  });
}
