import GlissadeKernels
import GlissadeTensors

extension Lowering {
  mutating func lowerDropout(_ node: Int, _ rule: Dropout) {
    let (source, target) = (input(node, 0), output(node))
    let count = outputShape(node).count
    emit(
      "dropout", note(node, flops: count), items: (profile.shares(of: count), 1, 1), [.read(source), .write(target), .buffer(.constants)]
    ) { unit in
      DropoutParameters(
        in: unit(source), out: unit(target), count: Int32(count), stream: rule.stream,
        threshold: UInt32(clamping: Int64((Double(rule.rate) * 4_294_967_296).rounded())), scale: Float(1 / (1 - Double(rule.rate))))
    }
  }
}
