import GlissadeKernels
import GlissadePlanning
import GlissadeTensors
import StepSupport
import Testing

@testable import ConformanceCases

/// No operation and no kernel without a row.
struct CoverageTests {
  /// The cases of `Operation`. A new one does not compile here until it has a name, and fails below until a row uses it.
  private enum Kind: CaseIterable {
    case input, constant, array, parameter, unary, binary, select, dropout, clamp, reshape, transpose, broadcast, slice, split, concatenate,
      pad, gather, scatterAdd, reduce, variance, extremeGradient, productOfOthers, softmax, softmaxGradient, softmaxCrossEntropy, logSumExp,
      argumentOfExtreme, cumulativeSum, sortOrder, matmul, convolution, convolutionInputGradient, convolutionWeightGradient, maxPool,
      maxPoolGradient, maxPoolSelection,
      averagePool, averagePoolGradient, adaptiveAveragePool, adaptiveAveragePoolGradient, batchNorm, batchNormStatistics, batchNormSums

    init(_ operation: Operation) {
      self =
        switch operation {
        case .input: .input
        case .constant: .constant
        case .array: .array
        case .parameter: .parameter
        case .unary: .unary
        case .binary: .binary
        case .select: .select
        case .dropout: .dropout
        case .clamp: .clamp
        case .reshape: .reshape
        case .transpose: .transpose
        case .broadcast: .broadcast
        case .slice: .slice
        case .split: .split
        case .concatenate: .concatenate
        case .pad: .pad
        case .gather: .gather
        case .scatterAdd: .scatterAdd
        case .reduce: .reduce
        case .variance: .variance
        case .extremeGradient: .extremeGradient
        case .productOfOthers: .productOfOthers
        case .softmax: .softmax
        case .softmaxGradient: .softmaxGradient
        case .softmaxCrossEntropy: .softmaxCrossEntropy
        case .logSumExp: .logSumExp
        case .argumentOfExtreme: .argumentOfExtreme
        case .cumulativeSum: .cumulativeSum
        case .sortOrder: .sortOrder
        case .matmul: .matmul
        case .convolution: .convolution
        case .convolutionInputGradient: .convolutionInputGradient
        case .convolutionWeightGradient: .convolutionWeightGradient
        case .maxPool: .maxPool
        case .maxPoolGradient: .maxPoolGradient
        case .maxPoolSelection: .maxPoolSelection
        case .averagePool: .averagePool
        case .averagePoolGradient: .averagePoolGradient
        case .adaptiveAveragePool: .adaptiveAveragePool
        case .adaptiveAveragePoolGradient: .adaptiveAveragePoolGradient
        case .batchNorm: .batchNorm
        case .batchNormStatistics: .batchNormStatistics
        case .batchNormSums: .batchNormSums
        }
    }
  }

  /// Operations and kernels with tests of their own, and where.
  private static let operationsElsewhere: Set<Kind> = [.dropout]  // Check.dropout
  private static let kernelsElsewhere: Set<String> = [
    "dropout",  // Check.dropout
    "batch_norm_running_update", "batch_norm_running_updates",  // StatisticsTests
    "sgd", "rmsprop", "adam", "gradient_norm_partial", "gradient_norm_finish", "step_end",  // the optimizers' trajectories
    "step_sums",  // MetricTests
    "recorded_update", "recorded_norms", "segment_norm_partial", "segment_norm_finish",  // UpdateRuleTests
    "gather_matrices", "scatter_matrices",  // UpdateRuleTests
    "stay_close",  // FineTuningTests
    "add_gradients",  // MicroBatchTests
    "fma_peak", "fma_chain", "copy_peak", "pick_peak", "empty_launch",  // BenchmarksTests
  ]

  @Test func everyOperationFunctionAndKernelHasARow() throws {
    var kinds = Self.operationsElsewhere
    var unary = Set<UnaryFunction>()
    var binary = Set<BinaryFunction>()
    var reductions = Set<Reduction>()
    var kernels = Self.kernelsElsewhere
    let profiles = Set(TestDevices.all.map(\.device.profile))
    for table in Table.all {
      let request = TracedTable(table).request
      let needed = request.outputs.values.map(\.id) + request.gradients.map(\.gradient.id)
      for node in request.graph.nodes + request.graph.decomposed(keeping: needed).graph.nodes {
        kinds.insert(Kind(node.operation))
        switch node.operation {
        case .unary(let rule): unary.insert(rule.function)
        case .binary(let rule): binary.insert(rule.function)
        case .reduce(let rule): reductions.insert(rule.reduction)
        default: break
        }
      }
      for profile in profiles {
        for launch in try Planner(profile: profile).plan(request).launches {
          switch launch.kernel {
          case .library(let name): kernels.insert(name)
          case .elementwise: kernels.insert("elementwise")
          case .update: kernels.insert("recorded_update")
          case .local(let name, _): kernels.insert(name)
          }
        }
      }
    }
    #expect(Set(Kind.allCases).subtracting(kinds).isEmpty)
    #expect(Set(UnaryFunction.allCases).subtracting(unary).isEmpty)
    #expect(Set(BinaryFunction.allCases).subtracting(binary).isEmpty)
    #expect(Set(Reduction.allCases).subtracting(reductions).isEmpty)
    let library = glissade_native_library(0)
    var names = Set(UnsafeBufferPointer(start: library.first, count: library.count).map { String(cString: $0.name) })
    for index in 0..<glissade_text_kernel_count() { names.insert(String(cString: glissade_text_kernel_name(index))) }
    #expect(names.subtracting(kernels).isEmpty)
    #expect(kernels.subtracting(names).isEmpty)
  }

  /// The same kernels at each level.
  @Test func levelsHaveTheSameKernels() {
    let libraries = (0..<glissade_native_level_count()).map { index in
      let library = glissade_native_library(index)
      return Set(UnsafeBufferPointer(start: library.first, count: library.count).map { String(cString: $0.name) })
    }
    #expect(Set(libraries).count == 1)
  }
}
