import { cloudfront } from "./formats/cloudfront.ts";
import { customJson } from "./formats/custom-json.ts";
import type { CustomFormatConfig } from "./formats-config.ts";
import type { LogFormat } from "./log-format.ts";

/** A format under `formats:` of the configuration: a map of a JSON log's fields, or CloudFront's list of fields. */
export function customFormat(name: string, { cloudfront: list, fields = {} }: CustomFormatConfig): LogFormat {
  return list === undefined ? customJson(name, { fields }) : cloudfront(name, list);
}
