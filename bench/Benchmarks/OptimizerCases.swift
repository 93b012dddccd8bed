import Glissade

extension OptimizerCase {
  /// Every rule, and every variant that moves another number of bytes.
  static var all: [OptimizerCase] {
    [
      sgd("sgd", SGD(learningRate: 1e-3)),
      sgd("sgd momentum", SGD(learningRate: 1e-3, momentum: 0.9)),
      sgd("sgd nesterov weight decay", SGD(learningRate: 1e-3, momentum: 0.9, weightDecay: 5e-4, isNesterov: true)),
      rmsprop("rmsprop", RMSprop(learningRate: 1e-3)),
      rmsprop("rmsprop momentum", RMSprop(learningRate: 1e-3, momentum: 0.9)),
      rmsprop("rmsprop centered", RMSprop(learningRate: 1e-3, isCentered: true)),
      rmsprop("rmsprop centered momentum", RMSprop(learningRate: 1e-3, momentum: 0.9, isCentered: true)),
      adam("adam", Adam()),
      adam("adam 100M", onDemand: "100M", Adam()),
      adam("adam amsgrad", Adam(isAMSGrad: true)),
      adam("adamw", AdamW()),
    ]
  }

  private static func sgd(_ name: String, _ rule: SGD) -> OptimizerCase {
    let rate = Float(rule.learningRate)
    let momentum = Float(rule.momentum)
    let decay = Float(rule.weightDecay)
    return OptimizerCase(name: name, optimizer: rule, states: rule.momentum == 0 ? 0 : 1) { p, g, states in
      let gradient = decay == 0 ? g : g + p * decay
      guard let before = states.first else { return (p - gradient * rate, []) }
      let buffer = before * momentum + gradient
      let step = rule.isNesterov ? gradient + buffer * momentum : buffer
      return (p - step * rate, [buffer])
    }
  }

  private static func rmsprop(_ name: String, _ rule: RMSprop) -> OptimizerCase {
    let rate = Float(rule.learningRate)
    let (alpha, share) = (Float(rule.alpha), Float(1 - rule.alpha))
    let epsilon = Float(rule.epsilon)
    let momentum = Float(rule.momentum)
    return OptimizerCase(name: name, optimizer: rule, states: 1 + (rule.momentum == 0 ? 0 : 1) + (rule.isCentered ? 1 : 0)) {
      p, g, states in
      let v = states[0] * alpha + g.applying(.square) * share
      var results = [v]
      var spread = v
      if rule.isCentered {
        let mean = states[1] * alpha + g * share
        spread = v - mean.applying(.square)
        results.append(mean)
      }
      var step = g / (spread.applying(.squareRoot) + epsilon)
      if rule.momentum != 0 {
        step = states[states.count - 1] * momentum + step
        results.append(step)
      }
      return (p - step * rate, results)
    }
  }

  private static func adam(_ name: String, onDemand: String? = nil, _ rule: some AdamFamily) -> OptimizerCase {
    let (beta1, beta2) = (Float(rule.beta1), Float(rule.beta2))
    let (share1, share2) = (Float(1 - rule.beta1), Float(1 - rule.beta2))
    let epsilon = Float(rule.epsilon)
    let decay = Float(rule.learningRate * rule.weightDecay)
    let isAMSGrad = rule.isAMSGrad
    var constants = [Float](repeating: 0, count: 16)
    constants.withUnsafeMutableBufferPointer { rule.write(constants: $0, step: step, learningRate: rule.learningRate) }
    let (stepSize, correction) = (constants[0], constants[1])
    return OptimizerCase(name: name, onDemand: onDemand, optimizer: rule, states: isAMSGrad ? 3 : 2) { p, g, states in
      let start = decay == 0 ? p : p * (1 - decay)
      let m = states[0] * beta1 + g * share1
      let v = states[1] * beta2 + g.applying(.square) * share2
      var results = [m, v]
      var largest = v
      if isAMSGrad {
        largest = maximum(states[2], v)
        results.append(largest)
      }
      let denominator = largest.applying(.squareRoot) * correction + epsilon
      return (start - m / denominator * stepSize, results)
    }
  }
}
