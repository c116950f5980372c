// Whether the service has newer files of the console than this page was made of.
import { ref } from 'vue'

const EVERY_MS = 5 * 60_000
const SCRIPT = /\/assets\/index-[\w-]+\.js/

export const outdated = ref(false)

async function look(): Promise<void> {
  const mine = document.querySelector('script[type=module]')?.getAttribute('src')
  const page = await fetch('/', { cache: 'no-store' }).then(answer => (answer.ok ? answer.text() : ''))
  const theirs = SCRIPT.exec(page)?.[0]
  outdated.value = !!mine && !!theirs && !mine.endsWith(theirs)
}

export const watchVersion = (): void => void setInterval(() => void look().catch(() => undefined), EVERY_MS)
