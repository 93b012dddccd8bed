// Steps on devices are a module of their own, which programs without Foundation have, too.
@_exported import StepSupport
