/** Text in which a semicolon means nothing: literals, quoted names, comments. */
const quiet = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|--[^\n]*|\/\*[\s\S]*?\*\//g;

/**
 * Why a question may not be asked; `undefined` when it may. A read-only connection refuses all
 * changes by itself; what is left is the one thing that it lets through when the engine is in this
 * process (writing a file), and several statements in one, whose answers would be mixed.
 */
export function questionProblem(sql: string): string | undefined {
  // Also inside literals: a word that is not needed, against every trick of quoting.
  if (/\boutfile\b/i.test(sql)) return "a question must not write a file (INTO OUTFILE)";
  if (/;\s*\S/.test(sql.replace(quiet, " "))) return "only one question can be asked at a time (`;` in the middle)";
  return undefined;
}
