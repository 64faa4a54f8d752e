/** Text as somebody wrote it, and where. */
export interface Written {
  /** How a message names the place, e.g. `--port` or `settings.yaml: port`. */
  readonly origin: string;
  /** One text; several for a list. */
  readonly texts: readonly string[];
}

/** What was written, by flag, and what could not be read. */
export interface WrittenSettings {
  readonly written: ReadonlyMap<string, Written>;
  readonly problems: readonly string[];
}
