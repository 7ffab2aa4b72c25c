/** How far the run is, on standard error: one line that changes on a terminal, a line every few seconds elsewhere. */
export class Progress {
  static readonly #SECONDS = 5
  #shown = performance.now()

  show(text: string): void {
    if (process.stderr.isTTY) {
      process.stderr.write(`\r${text}\x1b[K`)
    } else if (performance.now() - this.#shown > Progress.#SECONDS * 1000) {
      this.#shown = performance.now()
      process.stderr.write(`${text}\n`)
    }
  }

  /** Takes the line away. */
  clear(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  }
}
