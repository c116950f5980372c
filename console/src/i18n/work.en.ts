// The words of the desk's work: the building that burns, phrases by kind, keys and why one does nothing now.
import type zh from './work.zh-CN'

const en: typeof zh = {
  premises: {
    title: 'In the building', reading: 'Reading…', retry: 'Retry', no_site: 'This device is registered to no site: people and detectors cannot be listed. Ask by telephone.',
    people_failed: 'The list of residents could not be read. Ask on site by telephone.', detectors_failed: 'The list of detectors could not be read.',
    nobody: 'No resident is registered here. Ask by telephone how many people are there.', people_n: '{n} residents', carry_n: '{n} cannot walk', help_n: '{n} need help', floor_n: '{n} on the floor of the fire',
    carry: 'Cannot walk', help: 'Needs help', no_room: 'Room unknown', near_here: 'Same zone', near_floor: 'Same floor', near_above: 'Floor above',
    all_people: 'All {n} people', all_detectors: 'All {n} detectors', fewer: 'Fewer',
    no_detectors: 'No detector is registered here.', detectors_n: '{n} detectors', no_zone: 'Zone unknown', this: 'This alarm', heard: 'heard {ago}',
    state_alarming: 'Alarming', state_silent: 'Silent', state_unheard: 'Never heard', state_low_battery: 'Low battery', state_heard: 'Heard',
  },
  close: {
    for_example: 'e.g. {words}', by_phrase: 'Outcome proposed by the phrase: check it; 1–4 change it.',
    fire: {
      cooking: 'Looked on site: no fire, cooking fumes', smoking: 'Looked on site: no fire, smoking', dust: 'Looked on site: no fire, dust or steam, reset',
      broken: 'Looked on site: no fire, detector broken, repair ordered', drill: 'Fire drill', real: 'Real fire, 119 called, everybody out and counted',
    },
    gas: {
      shut: 'Valve shut, windows open, everybody well', leak: 'Leak found, gas company has dealt with it', burning: 'Coal stove, aired, everybody well', hospital: 'Somebody unwell, taken to hospital',
      false: 'Measured on site: normal, detector wrong', test: 'Maintenance test',
    },
    sos: {
      helped: 'Carer on site, resident is well', slip: 'Pressed by mistake, resident confirmed well', chat: 'No emergency, wanted to talk, reassured', hospital: 'Taken to hospital, family informed', test: 'Device test',
    },
    fall: {
      unhurt: 'Fell, not hurt, the site keeps watching', hurt: 'Fell and hurt, treated on site, family informed', hospital: 'Taken to hospital, family informed', false: 'No fall: the band was knocked, resident seen', test: 'Device test',
    },
    no_motion: {
      asleep: 'Resting, resident seen', out: 'Out, reached by telephone', unwell: 'Unwell, carer is there', hospital: 'Taken to hospital, family informed', test: 'Device test',
    },
    fence_left: {
      found: 'Found and brought back safely', escorted: 'Out with family, confirmed', leave: 'On leave, the fence was not adjusted', drift: 'Inside, the fix drifted', police: '110 called, handed over',
    },
    fence_entered: {
      led_away: 'Led away from the danger, well', escorted: 'Passed with company, confirmed', drift: 'Not in the danger zone, the fix drifted', police: '110 called, handed over',
    },
    strap_off: {
      worn_again: 'Band put on again, inside', bath: 'Off for a bath or dressing, put on again', replaced: 'Strap broken, replaced', false: 'Band was not off, resident seen',
    },
    position_lost: { seen: 'Indoors without signal, resident seen', found: 'Found and brought back safely', replaced: 'Band broken, replaced' },
    low_battery: { charged: 'Charged', replaced: 'Battery replaced', spare: 'Spare band put on', aged: 'Battery worn out, repair ordered' },
    not_worn: { worn_again: 'Put on again', away: 'In hospital or on leave, band stays at the site', charging: 'Forgotten after charging, put on', refuses: 'Refuses to wear it, family told, site looks more often' },
    contact: { restored: 'Power or network was out, restored', repaired: 'Fixed on site', reported: 'Repair ordered', retired: 'Out of use, noted in the roster', test: 'Maintenance test' },
    tamper: { service: 'Opened for service, reset', refixed: 'Knocked out of place, mounted again', removed: 'Taken off by somebody, mounted again', false: 'Device is intact, false' },
    water: { stopped: 'Leak stopped, repair ordered', restored: 'Pressure restored', trial: 'Water trial', false: 'Nothing found on site, false', reported: 'Repair ordered' },
    electrical: { fixed: 'Electrician on site, fault removed', cut: 'Power cut, waiting for the electrician', start: 'Large machine starting, measured normal again', test: 'Maintenance test' },
    device: { repaired: 'Fixed on site', reported: 'Repair ordered', false: 'Device is intact, false', test: 'Maintenance test' },
  },
  shelve: {
    longest_person: 'Alarms of this kind are shelved for 30 minutes at most.',
    warning: 'This person may be out there, or in need. Until {time} this alarm makes no sound and nobody is told, even if it happens again. Shelve only while somebody is with them.',
    fence_left: { carer: 'A carer is with them, on the way back', family: 'Out with family, confirmed by telephone', doctor: 'At the doctor with a carer' },
    fence_entered: { carer: 'A carer is with them, leading away', works: 'Passing with staff' },
    strap_off: { bath: 'Off for a bath or dressing, carer beside', going: 'A carer is going to put it on', replacing: 'Strap broken, being replaced, attended' },
    position_lost: { seen: 'Carer has seen them, no signal indoors', family: 'Out with family, confirmed by telephone' },
    no_motion: { asleep: 'Carer has seen them, resting', family: 'Out with family, confirmed by telephone' },
    low_battery: { charging: 'Charging', ordered: 'Battery change is arranged', spare: 'Spare in use, the old one to be charged' },
    not_worn: { away: 'In hospital or on leave', charging: 'Charging', skin: 'Sore skin, off for now, site looks more often' },
    contact: { power: 'Power or network out, provider at work', reported: 'Repair ordered, waiting', away: 'In hospital or on leave', retired: 'Out of use, to be removed' },
    device: { service: 'Under service', reported: 'Repair ordered, waiting', works: 'Building work, attended', parts: 'Waiting for parts' },
  },
  next: { one: 'Next: {what}', waits: 'waiting {d}', none: 'No other alarm waits.' },
  why: {
    open_first: 'Choose an alarm first (J, K)', ended: 'The alarm has ended', taken: 'Acknowledged already', taken_by: '{name} has acknowledged', group_taken: 'All of the group is acknowledged', never_shelved: '{kind}: never shelved',
    shelved: 'Shelved until {time}', undo_none: 'Not acknowledged: nothing to undo', undo_late: 'Acknowledged over 60 s ago: cannot be undone', mine: 'You have it already', no_step: 'There is no step {n}', step_done: 'Step {n} is ticked',
    not_group: 'Nothing to expand or fold in this row', top: 'This is the first', bottom: 'This is the last', empty: 'The list is empty', no_filter: 'No filter is set', no_next: 'No alarm waits',
    quiet: 'Nothing sounds now', not_started: 'Sound is off: press “Start shift” first', fire: 'Fire is never muted: acknowledge it. The rest is muted for 60 s',
    pages: 'Page: now Q queue · M map · T track · R roster · S shift',
  },
  sound: { mute_rest: 'Mute the rest 60 s · not fire', fire_rings: 'Fire is not muted: sounding', fire_rest_muted: 'Fire sounds on, rest muted {n} s' },
  strip: { waits: 'Urgent, waiting', more: '{n} more' },
  group: { n: '{n} alarms' },
  keys: {
    next: 'next', previous: 'previous', first: 'first', last: 'last', open: 'open; expand or fold', fold: 'expand or fold one cause', unfold: 'expand', shut: 'fold', waiting: 'next alarm that waits',
    acknowledge: 'acknowledge (on a folded row: all of it)', undo: 'undo acknowledgement (60 s; asks first for a colleague’s)', take: 'I take it', assign: 'assign to…', close: 'close the alarm', shelve: 'shelve', note: 'write a comment (Ctrl+Enter sends)',
    tick: 'tick steps 1 to 9', phone: 'to the telephone numbers', leave: 'close details or window', view: 'next list (to do, maintenance, shelved, suppressed)', search: 'search', filters: 'more or fewer filters', clear: 'clear filters',
    mute: 'mute for 60 s (never fire)', pages: 'page: then Q queue, M map, T track, R roster, S shift', heard: 'start of shift: I heard all four tones', help: 'this help',
    play: 'play or pause', step: 'previous, next fix', speed: 'faster, slower', alarms: 'next, previous alarm', ends: 'first, last fix of the day', days: 'day before, day after',
    find: 'search', add: 'new', edit: 'edit', import: 'import', walk: 'next, previous', back: 'close details',
    group_list: 'List', group_alarm: 'The alarm', group_page: 'Every page', group_track: 'Track replay', group_roster: 'Roster',
  },
}

export default en
