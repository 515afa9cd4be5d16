import MarkdownIt from "markdown-it";

/** A section of a runbook: its heading's text, its line in the Markdown (from 1), and its numbered steps. */
export interface RunbookSection {
  readonly heading: string;
  readonly line: number;
  /** The text of each numbered step at the top level, without Markdown. */
  readonly steps: readonly string[];
}

/** The sections below headings of the second level, in order. */
export function runbookSections(markdown: string): RunbookSection[] {
  const sections: { heading: string; line: number; steps: string[] }[] = [];
  let list: string | undefined;
  const tokens = parser.parse(markdown, {});
  for (const [index, token] of tokens.entries()) {
    if (token.type === "heading_open" && token.tag === "h2") {
      const heading = tokens[index + 1]?.content ?? "";
      sections.push({ heading, line: (token.map?.[0] ?? 0) + 1, steps: [] });
    }
    if (token.level === 0 && token.type.endsWith("_list_open")) list = token.type;
    // In a top-level list (0) stand its items (1), and in these their paragraphs (2) with their text (3).
    const isStep = token.type === "list_item_open" && token.level === 1 && list === "ordered_list_open";
    if (isStep) sections.at(-1)?.steps.push(plain(tokens[index + 2]?.children ?? []));
  }
  return sections;
}

/** The numbered steps of "What to do", for a page. */
export function runbookSteps(markdown: string): readonly string[] {
  return runbookSections(markdown).find((section) => section.heading === "What to do")?.steps ?? [];
}

// helpers

const parser = new MarkdownIt({ html: false });

function plain(children: readonly { type: string; content: string }[]): string {
  return children
    .map((child) => (child.type === "softbreak" || child.type === "hardbreak" ? " " : child.content))
    .join("");
}
