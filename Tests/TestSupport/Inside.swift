// What the umbrella keeps from programs, tests look at.
@_exported import GlissadeDevices
@_exported import GlissadeFormats
@_exported import GlissadePlanning
