// The umbrella: `import Glissade` brings what a training program names: layers, optimizers, models, data, pictures, recipes, training, tensors; and
// of devices and file formats what is listed here. How steps are planned, and what devices are made of, is for this package alone, whose
// modules import it by name.
@_exported import GlissadeData
@_exported import class GlissadeDevices.CPUDevice
@_exported import protocol GlissadeDevices.Device
@_exported import struct GlissadeDevices.DeviceError
@_exported import struct GlissadeDevices.DeviceInformation
@_exported import enum GlissadeDevices.DeviceRequest
@_exported import struct GlissadeDevices.DeviceSelection
@_exported import struct GlissadeDevices.DeviceSelectionError
@_exported import struct GlissadeDevices.DeviceSurvey
@_exported import class GlissadeDevices.OpenCLDevice
@_exported import enum GlissadeFormats.ClassNames
@_exported import struct GlissadeFormats.FormatError
@_exported import struct GlissadeFormats.JSONError
@_exported import struct GlissadeFormats.JSONMember
@_exported import enum GlissadeFormats.JSONValue
@_exported import struct GlissadeFormats.MemoryError
@_exported import struct GlissadeFormats.ONNXModel
@_exported import enum GlissadeFormats.ONNXWriter
@_exported import enum GlissadeFormats.PyTorchWriter
@_exported import class GlissadeFormats.SafetensorsFile
@_exported import class GlissadeFormats.TensorBoardFile
@_exported import struct GlissadeFormats.WeightsFile
@_exported import GlissadeLayers
@_exported import GlissadeModels
@_exported import GlissadeOptimizers
@_exported import GlissadePictures
@_exported import struct GlissadePlanning.StepNumbers
@_exported import protocol GlissadePlanning.UpdateRule
@_exported import struct GlissadePlanning.UpdateState
@_exported import struct GlissadePlanning.UpdateStep
@_exported import GlissadeRecipes
@_exported import struct GlissadeReports.RunComparison
@_exported import struct GlissadeReports.RunReport
@_exported import GlissadeRuns
@_exported import GlissadeTensors
@_exported import GlissadeTraining
@_exported import GlissadeWeights
