// Which id a new fence might have: its site and its name in letters that can be typed and said. Pure.

const MOST = 60

/** Lower case letters and digits, words joined by dashes. */
const slug = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, MOST)

/** `initials` writes a name in Latin letters; `taken` says which ids are in use. Without a name it is a number. */
export function proposedId(siteId: string | null, name: string, initials: (text: string) => string, taken: (id: string) => boolean): string {
  const stem = siteId ?? 'fence'
  const letters = slug(initials(name))
  let n = letters ? 2 : 1
  let id = letters ? (siteId ? `${siteId}-${letters}` : letters) : `${stem}-${n++}`
  const begin = letters ? id : stem
  while (taken(id)) id = `${begin}-${n++}`
  return id
}
