// The same in English.
import type zh from './night.zh-CN'

const night: typeof zh = {
  open: 'Open',
  back: 'inside the fence by now (fix {d} ago, accuracy {acc})',
  band: {
    locate: 'Locate now', buzz: 'Ring the band', often: 'Fix every 15 s', refused: 'Not sent: {detail}',
    type: { locate: 'Locate', buzz: 'Ring', report_every: 'Change interval', call: 'Call back', resend: 'Resend' },
    state: { queued: 'waits for the band', sent: 'sent, no answer yet', done: 'done by the band', failed: 'the band failed', expired: 'no answer, expired' },
  },
  print: { now: 'open now', end: 'open at the end', with_shelved: '{title}, {n} of them shelved: see 3' },
  wall: { flood: 'Alarm flood: {n} in the last 10 minutes', longest: 'Waiting longest: {what}, {d}', fire: '{n} alarms, one fire', more: '{n} alarms' },
  late: { late: 'over 60 s', very_late: 'over 180 s' },
  head: { settings: 'Language and appearance', short: 'Settings', fire: 'Fire sounding', rest: 'Mute the rest 60 s' },
  unreadable: { words: 'A message that cannot be read', payload: 'It begins', gone: 'The message is no longer kept' },
  shelve: { ends: 'Comes back by itself in {d}, at {time}' },
  mine: { badge: 'Given to me {n}', waits: '{d} · {name}', waits_title: 'waiting {d}, with {name}' },
  out: {
    chip: 'Out', chip_title: 'out with approval until {time}', chip_over: 'approved outing ended {time}', escort: 'Escort', no_phone: 'no telephone given', none: 'no escort given',
    step: 'Call the escort: {who}', step_hint: 'Ask whether they are together and need help; without an answer, or apart, go on below.', far: '{d} from {name}', maybe_there: '{d} from {name}, within the error: may be there',
  },
  step: { undo: 'Undo {n}s', undo_of: 'Untick step {i}, {n} seconds left', undone: 'unticked a step', again: 'Step {n} is ticked; press again to untick it', text: 'Unticked: {text}' },
  group: { at: '{at} of {n} in this group', ack: 'Acknowledge all ({n})' },
  notice: {
    region: 'What colleagues did', assigned: '{name} gave you this at {time}: {what}', taken_back: '{name} took your acknowledgement back at {time}; it waits again: {what}', more: '{n} more',
  },
  undo: {
    title: 'Take back a colleague’s acknowledgement', ask: '{name} acknowledged at {time} and may be at work on it. Take it back?', means: 'It will wait and sound again, and they will be told.', keep: 'Leave it', take: 'Take back {name}’s',
    left: 'Undo {name}’s ({n} s)',
  },
  outage: {
    region: 'Wide outage', city: 'Whole city', name: '{zone} out of contact', on: '{name}: {n} devices silent since {time}', means: 'They cannot raise an alarm now; call round by telephone.',
    over: '{name}: over ({from} to {to})', left: '{n} devices are still silent', row: '{n} devices silent', row_over: 'over, {n} alarms explained',
  },
}
export default night
