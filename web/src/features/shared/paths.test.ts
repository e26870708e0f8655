import { expect, test } from 'vitest'
import { garageIdIn, garagePath } from './paths'

test.each(['R2FyYWdlOjE=', 'a/b+c', 'Garage:1'])('the address of %s leads back to it', (id) => {
  const [, , parameter, screen, ...rest] = garagePath(id, 'stays').split('/')
  expect([garageIdIn(parameter ?? ''), screen, rest]).toEqual([id, 'stays', []])
})

test('a broken escape is an id that nobody knows, not an accident', () => {
  expect(garageIdIn('%E0%A4%A')).toBe('%E0%A4%A')
})
