import Glissade

extension OptimizerCase {
  /// Every rule, and every variant that moves another number of bytes; those that have kernels also by what they record.
  static var all: [OptimizerCase] {
    [
      OptimizerCase("sgd", SGD(learningRate: 1e-3)),
      OptimizerCase("sgd momentum", SGD(learningRate: 1e-3, momentum: 0.9)),
      OptimizerCase("sgd nesterov weight decay", SGD(learningRate: 1e-3, momentum: 0.9, weightDecay: 5e-4, isNesterov: true)),
      OptimizerCase("rmsprop", RMSprop(learningRate: 1e-3)),
      OptimizerCase("rmsprop momentum", RMSprop(learningRate: 1e-3, momentum: 0.9)),
      OptimizerCase("rmsprop centered", RMSprop(learningRate: 1e-3, isCentered: true)),
      OptimizerCase("rmsprop centered momentum", RMSprop(learningRate: 1e-3, momentum: 0.9, isCentered: true)),
      OptimizerCase("adam", Adam()),
      OptimizerCase("adam 100M", onDemand: "100M", Adam()),
      OptimizerCase("adam amsgrad", Adam(isAMSGrad: true)),
      OptimizerCase("adamw", AdamW()),
      OptimizerCase(recorded: "sgd", SGD(learningRate: 1e-3)),
      OptimizerCase(recorded: "sgd momentum", SGD(learningRate: 1e-3, momentum: 0.9)),
      OptimizerCase(recorded: "sgd nesterov weight decay", SGD(learningRate: 1e-3, momentum: 0.9, weightDecay: 5e-4, isNesterov: true)),
      OptimizerCase(recorded: "rmsprop", RMSprop(learningRate: 1e-3)),
      OptimizerCase(recorded: "rmsprop momentum", RMSprop(learningRate: 1e-3, momentum: 0.9)),
      OptimizerCase(recorded: "rmsprop centered", RMSprop(learningRate: 1e-3, isCentered: true)),
      OptimizerCase(recorded: "rmsprop centered momentum", RMSprop(learningRate: 1e-3, momentum: 0.9, isCentered: true)),
      OptimizerCase(recorded: "adam", Adam()),
      OptimizerCase(recorded: "adam amsgrad", Adam(isAMSGrad: true)),
      OptimizerCase(recorded: "adamw", AdamW()),
      OptimizerCase("adagrad", Adagrad()),
      OptimizerCase("adadelta", Adadelta(learningRate: 1e-3)),
      OptimizerCase("adamax", Adamax()),
      OptimizerCase("nadam", NAdam()),
      OptimizerCase("radam", RAdam()),
      OptimizerCase("lion", Lion()),
      OptimizerCase("lars", LARS()),
      OptimizerCase("lamb", LAMB()),
      OptimizerCase("muon", Muon()),
      OptimizerCase("sgd momentum stay close", before: .stayClose(0.1), SGD(learningRate: 1e-3, momentum: 0.9)),
      OptimizerCase("sgd momentum clip norm", before: .clipping(norm: 1), SGD(learningRate: 1e-3, momentum: 0.9)),
      OptimizerCase("sgd momentum micro-batches", before: .adding, SGD(learningRate: 1e-3, momentum: 0.9)),
      OptimizerCase(averaged: "adam", Adam()),
    ]
  }
}
