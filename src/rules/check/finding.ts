/** How bad something is, best first. */
export const levels = ['ok', 'warning', 'error'] as const;
export type Level = (typeof levels)[number];

/** What the questions are about, in the order in which they are told. */
export const sections = [
  'kubernetes-api',
  'custom-resources',
  'installation',
  'certificate',
  'webhook-configurations',
  'rights',
  'versions',
  'admission',
  'functions',
] as const;
export type Section = (typeof sections)[number];

/** What is looked at, put as a sentence that holds when all is well. */
export interface Question {
  /** For programs; stays what it is from release to release. */
  readonly id: string;
  readonly section: Section;
  readonly title: string;
}

/** The answer to a question. */
export interface Finding extends Question {
  readonly level: Level;
  /** What was found. */
  readonly message: string;
  /** The way out; undefined where none is needed. */
  readonly hint: string | undefined;
}

export function ok(question: Question, message: string): Finding {
  return { ...question, level: 'ok', message, hint: undefined };
}

export function warning(question: Question, message: string, hint: string): Finding {
  return { ...question, level: 'warning', message, hint };
}

export function error(question: Question, message: string, hint: string): Finding {
  return { ...question, level: 'error', message, hint };
}

/** The worst of several levels; ok when there is none. */
export function worstLevel(found: Iterable<Level>): Level {
  let worst: Level = 'ok';
  for (const level of found) {
    if (levels.indexOf(level) > levels.indexOf(worst)) worst = level;
  }
  return worst;
}

/** One thing that is wrong with what a question asks for. */
export interface Defect {
  readonly level: Exclude<Level, 'ok'>;
  /** A clause, without a full stop. */
  readonly message: string;
}

/** A defect where a condition holds, and nothing where it does not. */
export function defectIf(isWrong: boolean, level: Defect['level'], message: string): Defect[] {
  return isWrong ? [{ level, message }] : [];
}

/** One finding of all that is wrong, as bad as the worst of it. */
export function findingOf(
  question: Question,
  defects: readonly Defect[],
  wellMessage: string,
  hint: string,
): Finding {
  if (defects.length === 0) return ok(question, wellMessage);
  const message = defects.map((defect) => defect.message).join('; ');
  return { ...question, level: worstLevel(defects.map(({ level }) => level)), message, hint };
}
