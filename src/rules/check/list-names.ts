/** Enough names to act on. */
const namesLimit = 5;

/** The first names of a list, and how many more there are. */
export function listNames(names: readonly string[]): string {
  const rest = names.length - namesLimit;
  return [...names.slice(0, namesLimit), ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}

/** `1 pod`, `2 pods`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
