// The tab's title and icon: what waits, readable among twenty other tabs.
import { computed, watch } from 'vue'
import { language, t } from '../i18n'
import { UNKNOWN } from '../logic/counts'
import { loaded } from './alarms'
import { dangers } from './link'
import { session } from './session'
import { soundDanger } from './sound'
import { counts } from './waiting'

type Icon = 'favicon' | 'favicon-urgent' | 'favicon-waiting'

const mark = computed<[string, Icon]>(() => {
  if (!session.value) return ['', 'favicon']
  if (dangers.value.length) return [t('presence.title_danger'), 'favicon-urgent']
  if (!loaded.value) return [`(${UNKNOWN})`, 'favicon']
  const { urgent, high } = counts.value
  if (urgent.waiting) return [t('presence.title_waiting', { n: urgent.waiting, what: t('priority.urgent') }), 'favicon-urgent']
  if (soundDanger.value) return [t('presence.title_silent'), 'favicon-waiting']
  if (high.waiting) return [t('presence.title_waiting', { n: high.waiting, what: t('priority.high') }), 'favicon-waiting']
  return ['', 'favicon']
})

// An icon drawn here would be a data: address, which the content-security policy refuses.
function setIcon(name: Icon): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel=icon]')
  if (link && !link.href.endsWith(`/${name}.svg`)) link.href = `/${name}.svg`
}

watch([mark, language], ([[words, icon]]) => {
  document.title = words ? `${words} ${t('app.title')}` : t('app.title')
  setIcon(icon)
}, { immediate: true })
