// The umbrella: `import Glissade` brings everything a training program needs.
@_exported import GlissadeData
@_exported import GlissadeDevices
@_exported import GlissadeFormats
@_exported import GlissadeLayers
@_exported import GlissadeModels
@_exported import GlissadeOptimizers
@_exported import GlissadePictures
@_exported import GlissadePlanning
@_exported import GlissadeRecipes
@_exported import GlissadeRuns
@_exported import GlissadeTensors
@_exported import GlissadeTraining
@_exported import GlissadeWeights
