/** The members of a list that is written as one text, separated by commas. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
}
