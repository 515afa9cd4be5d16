import type { RejectReason } from "../normalize/access-event.ts";

/** For each reason why a record became no event: what it means and what to do, as `docs/rejected.md` has it. */
export const rejectionHelp: Readonly<Record<RejectReason, { readonly means: string; readonly remedy: string }>> = {
  empty: {
    means: "The record has no text, or is an array or another envelope without entries.",
    remedy: "Nothing, if it is rare; some shippers send a last empty line.",
  },
  too_long: {
    means: "It is longer than the source's maxRecordBytes, inflated from gzip, too, or has more than 10,000 entries.",
    remedy: "Raise the limit, or make the shipper's batches smaller.",
  },
  undecodable: {
    means:
      "Its bytes are no text: an unknown compression, gzip or OTLP protobuf that is cut off, or another binary encoding.",
    remedy: "Use JSON, text or OTLP, with gzip, snappy, lz4 or zstd.",
  },
  not_json: {
    means: "A JSON object was expected, and it is none.",
    remedy: "Look at the record's head: lines may be cut by the shipper or by syslog.",
  },
  not_an_object: {
    means: "An array or another envelope has entries that are neither objects nor texts.",
    remedy: "Send log entries as objects.",
  },
  too_deep: {
    means: "An array is inside an array, or an entry lies in more than three envelopes.",
    remedy: "Send one array of entries in each record; let one shipper wrap lines, not each.",
  },
  unknown_format: {
    means: "None of the known formats fits, or the line is not of the format that the source has.",
    remedy: "Name the source's format, or map the fields under formats:.",
  },
  format_changed: {
    means: "The record is of another format than the source had so far.",
    remedy:
      "After twenty in a row the new format holds. If two formats share a source for good, make two sources of them.",
  },
  no_time: {
    means: "The field with the time is missing.",
    remedy: "Log it; see docs/formats.md.",
  },
  bad_time: {
    means: "The time can't be read, has no zone, or lies before 2000 or after 2100.",
    remedy: "Most often a wrong unit.",
  },
  no_status: {
    means: "The status is missing.",
    remedy: "Log it.",
  },
  bad_status: {
    means: "The status is neither 0 nor from 100 to 999.",
    remedy: "Log the number alone.",
  },
  no_method: {
    means: "The method is missing or is none.",
    remedy: "Nothing, if it is rare: port scans and TLS greetings on a plain port look like that.",
  },
  no_path: {
    means: "The path is missing.",
    remedy: "Log it.",
  },
  bad_field: {
    means: "A duration or a number of bytes is negative, huge, or no number.",
    remedy: "Most often a wrong unit. The detail names the field.",
  },
  unknown_event: {
    means: "A shop event has a name of no known subject.",
    remedy: "Name it as in docs/shop-events.md, or leave it out of the source.",
  },
  not_a_request: {
    means:
      "It is no record of a request: a gateway's own message, or a second record of a request that has one already.",
    remedy: "Nothing; or keep such lines out of the source.",
  },
};
