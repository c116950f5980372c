// Says in words what is wrong with a field: by the reason's code; what has no words yet stays as it came.
export interface Finding { field: string | null, code: string, msg: string, named: Record<string, unknown> }

interface FieldError { loc: (string | number)[], msg: string, type: string, ctx?: Record<string, unknown> }

const WORDS: Record<string, string> = {
  missing: 'missing', string_type: 'text_wanted', string_too_long: 'too_long', too_long: 'too_long', string_too_short: 'missing',
  string_pattern_mismatch: 'form', literal_error: 'not_a_choice', not_a_choice: 'not_a_choice', bad_number: 'number', float_type: 'number',
  float_parsing: 'number', greater_than: 'range', greater_than_equal: 'range', less_than: 'range', less_than_equal: 'range',
  bad_date: 'date', bad_json: 'json', half_circle: 'half_circle', unknown_id: 'unknown_id', unknown_model: 'unknown_model', twice: 'twice',
  unknown_column: 'unknown_column', extra_forbidden: 'unknown_column', column_twice: 'column_twice', beyond_header: 'beyond_header',
  formula: 'formula', formula_error: 'formula_error', not_text: 'not_text', swapped: 'swapped', abroad: 'abroad', no_object: 'no_object',
}

export type Translate = (key: string, named?: Record<string, unknown>) => string

/** Birth dates have a form of their own, and only they are refused by a rule without a code. */
export function findingWords(finding: Finding, t: Translate): string {
  const { field, code, msg, named } = finding
  if (field === 'birth_date' && ['string_pattern_mismatch', 'value_error', 'bad_date'].includes(code)) return t('register.error.date')
  if (field?.endsWith('_id') && code === 'string_pattern_mismatch') return t('register.error.id')
  const unknown = /^not in the roster: (.*)$/.exec(msg)
  if (unknown) return t('register.error.unknown_id', { ids: unknown[1] })
  return WORDS[code] ? t(`register.error.${WORDS[code]}`, { column: field ?? '', ...named }) : msg
}

/** The errors of a problem by the field of the form they belong to. */
export function errorsByField(errors: FieldError[], t: Translate): Record<string, string> {
  const found: Record<string, string> = {}
  for (const { loc, msg, type, ctx } of errors) {
    const [, field, ...inner] = loc
    const place = inner.length && typeof inner[0] === 'number' ? `${inner[0] + 1}: ` : ''
    found[String(field)] ??= place + findingWords({ field: String(field), code: type, msg, named: ctx ?? {} }, t)
  }
  return found
}
