/** The screens as a person meets them: what can be tapped and what can be read. */
import type { Locator, Page } from 'playwright-core'
import type { Person } from './settings'

export type Car = { readonly plate: string; readonly state: string; readonly make: string; readonly color: string }
export type ColumnName = 'Needs charging' | 'Charging' | 'Charged, on the lot'

export async function signIn(page: Page, url: string, person: Person): Promise<void> {
  await page.goto(url)
  await page.getByLabel('Email').fill(person.email)
  await page.getByRole('textbox', { name: 'Password' }).fill(person.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('navigation', { name: 'Screens of this garage' }).waitFor()
}

export async function openScreen(page: Page, name: 'EV Requests' | 'Stays' | 'Check in' | 'EV Rates'): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name }).click()
  await page.getByRole('heading', { level: 1, name }).waitFor({ state: 'attached' })
}

export async function fillInRate(page: Page, kind: string, field: string, amount: string): Promise<void> {
  await openScreen(page, 'EV Rates')
  await page.getByLabel('Charge by').selectOption({ label: kind })
  await page.getByRole('textbox', { name: field }).fill(amount)
}

export async function saveRate(page: Page, label: string): Promise<void> {
  await page.getByRole('button', { name: 'Save Changes' }).click()
  await page.getByText(`Saved: ${label}.`).waitFor()
}

export async function checkIn(page: Page, car: Car): Promise<void> {
  await openScreen(page, 'Check in')
  const another = page.getByRole('button', { name: 'Check in another' })
  if (await another.isVisible()) await another.click()
  await page.getByLabel('License plate').fill(car.plate)
  await page.getByRole('combobox', { name: 'State' }).fill(car.state)
  await page.getByRole('combobox', { name: 'Make and model' }).fill(car.make)
  await page.getByRole('combobox', { name: 'Color' }).fill(car.color)
  await page.getByRole('button', { name: 'in 2 h' }).click()
  await page.getByRole('switch', { name: 'EV Charge' }).check()
  await page.getByRole('button', { name: 'Check in' }).click()
  await page.getByText('It is on the EV queue').waitFor()
}

export function cardIn(page: Page, column: ColumnName, plate: string): Locator {
  return page.getByRole('region', { name: new RegExp(`^${column}`) }).locator(`[data-plate="${plate}"]`)
}

export function portTile(page: Page, name: string): Locator {
  return page.getByRole('region', { name: /^Ports/ }).locator(`[data-port="${name}"]`)
}

export async function choosePort(page: Page, name: string): Promise<void> {
  await portTile(page, name).getByRole('button', { name: /Choose this port/ }).click()
}

export async function chooseVehicle(page: Page, plate: string): Promise<void> {
  await cardIn(page, 'Needs charging', plate).getByRole('button', { name: /Choose this vehicle/ }).click()
}

export async function startCharging(page: Page, plate: string, port: string): Promise<void> {
  await page.getByRole('button', { name: 'Start charging' }).click()
  await cardIn(page, 'Needs charging', plate).getByText(`Plug in now at ${port}`).waitFor()
}

export async function kwhOn(card: Locator): Promise<number> {
  const text = await card.getByText(/^\d+\.\d{3} kWh$/).innerText()
  return Number.parseFloat(text)
}

export async function renamePort(page: Page, from: string, to: string): Promise<void> {
  await page.getByRole('button', { name: `Rename ${from}`, exact: true }).click()
  await page.getByLabel('Name on the sticker').fill(to)
  await page.getByRole('button', { name: 'Save' }).click()
  await portTile(page, to).waitFor()
}

export async function checkOut(page: Page, plate: string): Promise<string> {
  await openScreen(page, 'Stays')
  await page.getByRole('searchbox').fill(plate)
  await page.getByRole('button', { name: `Check out ${plate}` }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Check out' }).click()
  await dialog.getByText('The ticket is closed.').waitFor()
  const items = await dialog.getByRole('list', { name: 'EV charges' }).innerText()
  // Two ways to close: the cross above and the button below.
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  return items
}
