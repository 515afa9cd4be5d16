import MarkdownIt from "markdown-it";

/**
 * Renders a runbook's steps. HTML in the text stays text, and `javascript:` and other dangerous
 * addresses are no links (markdown-it's own rule).
 */
export function createMarkdownRenderer(): (markdown: string) => string {
  const renderer = new MarkdownIt({ html: false, linkify: false, typographer: false });
  return (markdown) => renderer.render(markdown);
}
