/** What a run says of itself: as text for people, or as a line of JSON for each thing, for tools. */

/** One thing that is said. */
export type Said =
  | { type: 'example'; name: string; title: string; article: string }
  | { type: 'note'; text: string }
  /** A namespace is made. */
  | { type: 'host'; name: string; call: string; command: string }
  /** A step begins; one that was taken out is `skipped`, and nothing else comes of it. */
  | { type: 'step'; number: number; step: string; why: string; skipped: boolean }
  /** A step has been done: the calls it made, and the commands that do the same. */
  | { type: 'built'; step: string; calls: string[]; commands: string[] }
  | { type: 'expected'; claim: string; expected: string }
  | { type: 'fact'; claim: string; expected: string; seen: string; holds: boolean }
  | { type: 'picture'; picture: string }
  /** What was measured, as a picture. */
  | { type: 'chart'; chart: string }
  | { type: 'end'; holds: boolean; seconds: number; reason?: string }

export type Report = (said: Said) => void

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/** Only the picture. */
export const picture: Report = (said) => {
  if (said.type === 'picture') process.stdout.write(said.picture)
  else if (said.type === 'end' && said.reason !== undefined) process.stderr.write(`${said.reason}\n`)
}

/** Only the picture of what was measured. */
export const chart: Report = (said) => {
  if (said.type === 'chart') process.stdout.write(said.chart)
  else if (said.type === 'end' && said.reason !== undefined) process.stderr.write(`${said.reason}\n`)
}

export const json: Report = (said) => {
  // It is said again with what was seen.
  if (said.type !== 'expected') print(JSON.stringify(said))
}

/** Text is indented as what it belongs to. */
const indented = (text: string, by: string): string => text.replace(/^/gm, by)

export const plain: Report = (said) => {
  switch (said.type) {
    case 'example':
      return print(`${said.name}: ${said.title}\n(${said.article})`)
    case 'note':
      return print(`\n${indented(said.text, '   ')}`)
    case 'host':
      return print(`\n   ${said.call}\n     ${said.command}`)
    case 'step':
      return print(`\n${said.number}. ${said.why}  [${said.step}]${said.skipped ? '\n   LEFT OUT' : ''}`)
    case 'built':
      for (const call of said.calls) print(indented(call, '   '))
      for (const command of said.commands) print(`     ${command}`)
      return
    case 'expected':
      return print(`\n   expected  ${said.claim}: ${said.expected.replaceAll('\n', '\n             ')}`)
    case 'fact':
      return print(`   ${said.holds ? 'seen ' : 'WRONG'}     ${said.seen.replaceAll('\n', '\n             ')}`)
    case 'picture':
    case 'chart':
      return
    case 'end':
      return print(`\n${said.reason ?? 'Everything was as expected.'} (${said.seconds.toFixed(1)} s)`)
  }
}
