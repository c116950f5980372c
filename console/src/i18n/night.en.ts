// The same in English.
import type zh from './night.zh-CN'

const night: typeof zh = {
  open: 'Open',
  outage: {
    region: 'Wide outage', city: 'Whole city', name: '{zone} out of contact', on: '{name}: {n} devices silent since {time}', means: 'They cannot raise an alarm now; call round by telephone.',
    over: '{name}: over ({from} to {to})', left: '{n} devices are still silent', row: '{n} devices silent', row_over: 'over, {n} alarms explained',
  },
}
export default night
