import { useState } from 'react'
import { useQuery } from 'urql'
import { RatesDocument } from '@/graphql/generated/graphql'
import { problemsOfError } from '@/graphql/problems'
import { useGarage } from '../shared/garage'
import { Empty, Loading } from '../shared/message'
import { ProblemNotice } from '../shared/problem-notice'
import { RateForm } from './rate-form'
import { RateHistory } from './rate-history'
import classes from './rates.module.css'

const pageSize = 20

/** EV Rates: what the garage is, what charging costs there now, and what it cost before. */
export function RatesScreen() {
  const { garage, permissions } = useGarage()
  const [cursors, setCursors] = useState<readonly (string | null)[]>([null])
  const [{ data, error }] = useQuery({
    query: RatesDocument,
    variables: { garageId: garage.id, first: 1, after: null },
    requestPolicy: 'cache-and-network',
  })
  if (!permissions.setsRates) return <Empty>Only operators and administrators can set rates.</Empty>
  return (
    <div className={classes.screen}>
      <h1 className={classes.heading}>EV Rates</h1>
      {error !== undefined && <ProblemNotice problems={problemsOfError(error)} />}
      <dl className={classes.overview}>
        <Fact term="Garage" fact={garage.name} />
        <Fact term="Location ID" fact={garage.locationId} />
        <Fact term="Time zone" fact={garage.timeZone} />
        <Fact term="Currency" fact={garage.currency} />
        <Fact term="Rate now" fact={data?.garage?.rate?.label ?? (data === undefined ? '…' : 'Not set')} />
      </dl>
      <div className={classes.columns}>
        {data?.garage === undefined || data.garage === null ? <Loading what="the rate" /> : <RateForm rate={data.garage.rate} />}
        <section className={classes.panel} aria-labelledby="rate-history">
          <h2 className={classes.subheading} id="rate-history">
            History
          </h2>
          {cursors.map((after, index) => (
            <RateHistory
              key={after}
              after={after}
              first={pageSize}
              onMore={index === cursors.length - 1 ? (cursor) => setCursors([...cursors, cursor]) : undefined}
            />
          ))}
        </section>
      </div>
    </div>
  )
}

function Fact({ term, fact }: { readonly term: string; readonly fact: string }) {
  return (
    <div className={classes.fact}>
      <dt>{term}</dt>
      <dd>{fact}</dd>
    </div>
  )
}
