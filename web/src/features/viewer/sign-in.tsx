import { Button, PasswordInput, TextInput } from '@mantine/core'
import { IconBoltFilled } from '@tabler/icons-react'
import { useState, type SyntheticEvent } from 'react'
import { SignInDocument } from '@/graphql/generated/graphql'
import { fieldProblem, problemsBeside } from '@/graphql/problems'
import { useAction } from '@/graphql/use-action'
import { ProblemNotice } from '../shared/problem-notice'
import classes from './sign-in.module.css'

const fields = ['email', 'password']

export function SignIn({ onSignedIn }: { readonly onSignedIn: () => void }) {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const signIn = useAction(SignInDocument, (data) => data.signIn)
  async function submit(event: SyntheticEvent) {
    event.preventDefault()
    if ((await signIn.run({ input: { email: email.trim(), password } })) !== null) onSignedIn()
  }
  return (
    <main className={classes.page}>
      <form className={classes.panel} onSubmit={(event) => void submit(event)}>
        <h1 className={classes.brand}>
          <IconBoltFilled className={classes.bolt} aria-hidden />
          EVGraph
        </h1>
        <p className={classes.tagline}>EV charging in your garage</p>
        <ProblemNotice problems={problemsBeside(signIn.problems, fields)} onDismiss={signIn.dismiss} />
        <TextInput
          label="Email"
          type="email"
          name="email"
          autoComplete="username"
          autoFocus
          required
          value={email}
          error={fieldProblem(signIn.problems, 'email')}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          rightSectionWidth="3.25rem"
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
          styles={{ visibilityToggle: { width: '3.25rem', height: '3.25rem' } }}
          required
          value={password}
          error={fieldProblem(signIn.problems, 'password')}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" loading={signIn.isRunning}>
          Sign in
        </Button>
      </form>
    </main>
  )
}
