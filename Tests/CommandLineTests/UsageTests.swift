import Testing

/// Help, and arguments that make no sense: status 2 and one line that says what would be right.
struct UsageTests {
  @Test(arguments: [["--help"], ["help"], [], ["train", "--help"], ["help", "train"], ["evaluate", "-h"], ["devices", "--help"]])
  func helpGoesToStandardOutput(_ arguments: [String]) throws {
    let outcome = try glissade(arguments)
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("USAGE: glissade"))
    #expect(outcome.errors.isEmpty)
  }

  @Test func version() throws {
    let outcome = try glissade("--version")
    #expect(outcome.status == 0)
    #expect(outcome.output.split(separator: ".").count == 3, "\(outcome)")
  }

  @Test(arguments: [
    (["trian"], "unknown command 'trian'; did you mean 'train'? (train, finetune, recipe, "),
    (["xyz"], "unknown command 'xyz'; there are train, finetune, recipe, "),
    (["train", "--model", "lenett"], "unknown model 'lenett'; did you mean 'lenet'? (mlp, lenet, resnet18, "),
    (["train", "--model", "resnet"], "did you mean 'resnet18'?"),
    (["train", "--model", "transformer"], "unknown model 'transformer'; there are mlp, lenet, resnet18, resnet18-imagenet, "),
    (["train", "--optimizer", "admaw"], "unknown optimizer 'admaw'; did you mean 'adamw'? (sgd, momentum, nesterov, adagrad, adadelta,"),
    (["train", "--device", "opncl"], "unknown device 'opncl'; did you mean 'opencl'?"),
    (["train", "--device", "gpu"], "did you mean 'opencl'?"),
    (["train", "--device", "opencl:1"], "two numbers, platform and device"),
    (["train", "--data", "fashion-mnits"], "did you mean 'fashion-mnist'?"),
    (["train", "--epoch", "3"], "unknown option '--epoch'; did you mean '--epochs'?"),
    (["evaluate", "--run", "x", "--bach-size", "3"], "unknown option '--bach-size'; did you mean '--batch-size'?"),
    (["train", "--frobnicate"], "unknown option '--frobnicate'"),
    (["train", "surplus"], "unexpected argument 'surplus'"),
    (["evaluate"], "--run"),
    (["inspect"], "<file>"),
    (["convert", "a.pth"], "<out>"),
    (["convert", "a.pth", "a.h5"], "a.h5 has to end in .safetensors, in .pth, .pt or .bin for PyTorch, or in .onnx"),
    (["convert", "a.pth", "folder.pt/safetensors"], "folder.pt/safetensors has to end in .safetensors"),
    (["train", "--epochs"], "missing value for '--epochs"),
    (["train", "--epochs", "many"], "the value 'many' is invalid for '--epochs"),
    (["train", "--epochs", "0"], "--epochs is 0"),
    (["train", "--epochs", "9223372036854775807"], "--epochs is 9223372036854775807"),
    (["train", "--lr", "-0.1"], "--lr is -0.1, and it has to be a number above 0"),
    (["train", "--lr", "0"], "--lr is 0,"),
    (["lr-find", "--from", "-1"], "--from is -1.0 and --to is 10.0, and they have to be above 0"),
    (["lr-find", "--steps", "-1"], "--steps is -1, and it has to be from 10 to 100000"),
    (["schedule", "constant", "--lr", "-1"], "--lr is -1.0, and it has to be a number above 0"),
    (["landscape", "ravine", "--lr", "-1"], "--lr is -1.0, and it has to be a number above 0"),
    (["landscape", "ravine", "--steps", "-1"], "--steps is -1, and it has to be from 1 to 100000"),
    (["sweep", "--vary", "lr=0.1..1", "--trials", "-1"], "--trials is -1"),
    (["train", "--optimizer", "lbfgs", "--history", "0"], "--history is 0, and it has to be a whole number from 1 to 1000"),
    (["train", "--l1", "1e300"], "--l1 is 1e300, and no number may be larger than 3.4028235e+38, the largest of float32"),
    (["train", "--weight-decay", "1e39"], "--weight-decay is 1e39, and no number may be larger than 3.4028235e+38"),
    (["train", "--clip-norm", "1e-60"], "--clip-norm is 1e-60, which is 0 in float32"),
    (["train", "--loss", "huber(1e50)"], "--loss is 1e50, and no number may be larger than"),
    (["train", "--class-weights", "1,1e40"], "--class-weights is 1e40, and no number may be larger than"),
    (["train", "--group", "conv1:lr=1e40x"], "lr is 1e40, and no number may be larger than"),
    (["train", "--schedule", "cosine(to: 1e60)"], "'1e60' in cosine is more than float32 can hold"),
    (["train", "--max-time", "-1s"], "--max-time is '-1s', and it has to be a time above 0"),
    (["train", "--early-stop", "-1"], "--early-stop says a patience of -1"),
    (["train", "--class-weights", "-1,2"], "--class-weights is '-1,2'"),
    (["train", "--model", "mlp", "--hidden", "-5"], "--hidden is '-5', and it has to be numbers from 1 to 65536"),
    (["train", "--classes", "a,b,a"], "--classes names 'a' twice"),
    (["train", "--lr", "nan"], "--lr is nan"),
    (["train", "--lr", "inf"], "--lr is inf"),
    (["train", "--batch-size", "0"], "--batch-size is 0, and it has to be at least 1"),
    (["train", "--batch-size", "-5"], "--batch-size is -5"),
    (["train", "--validation", "1"], "--validation is 1, and it has to be at least 0 and below 1"),
    (["train", "--validation", "nan"], "--validation is nan"),
    (["train", "--clip-norm", "-1"], "--clip-norm is -1,"),
    (["train", "--label-smoothing", "1"], "--label-smoothing is 1,"),
    (["train", "--dropout", "1"], "--dropout is 1,"),
    (["train", "--dropout", "0.1", "--model", "resnet18"], "--dropout is no option of resnet18; mlp and lenet have it"),
    (["train", "--limit", "0"], "--limit is 0"),
    (["train", "--threads", "0"], "--threads is 0"),
    (["train", "--seed", "-1"], "'-1' is invalid for '--seed"),
    (["train", "--out", ""], "--out is empty"),
    (["train", "--nesterov"], "--nesterov is no option of adam; sgd, momentum, nesterov and muon have it"),
    (["train", "--momentum", "0.9"], "--momentum is no option of adam; sgd, momentum, nesterov, rmsprop, lars and muon have it"),
    (["train", "--optimizer", "sgd", "--amsgrad"], "--amsgrad is no option of sgd; adam and adamw have it"),
    (["train", "--optimizer", "sgd", "--nesterov"], "momentum is 0, and it has to be above 0 for Nesterov momentum"),
    (["train", "--optimizer", "sgd", "--dampening", "0.5"], "--dampening is 0.5, and has no effect without --momentum, which is 0"),
    (["train", "--optimizer", "nesterov", "--no-nesterov"], "--nesterov is off, and nesterov is descent with it"),
    (["train", "--optimizer", "momentum", "--momentum", "0"], "--momentum is 0, and momentum is descent with it"),
    (["train", "--optimizer", "sgd", "--momentum", "1"], "momentum is 1, and it has to be at least 0 and below 1"),
    (["train", "--optimizer", "lbfgs", "--reduction", "sum"], "--reduction is not for lbfgs"),
    (["train", "--reduction", "none"], "unknown reduction 'none'"),
    (["train", "--activation", "leaky_relu(-1)"], "--activation is 'leaky_relu(-1)': slope has to be at least 0"),
    (["train", "--activation", "leaky_relu(1 2)"], "--activation is 'leaky_relu(1 2)', and it has to be leaky_relu(slope)"),
    (["train", "--activation", "elu(1,2)"], "--activation is 'elu(1,2)', and it has to be elu(alpha)"),
    (["train", "--activation", "relu(1)"], "--activation is 'relu(1)', and it has to be relu, without numbers"),
    (["train", "--activation", "hardtanh(2)"], "--activation is 'hardtanh(2)': lower, 2.0, has to be below upper, 1.0"),
    (["train", "--activation", "softplus(0)"], "beta has to be a number above 0"),
    (["train", "--loss", "bce(0)"], "positive_weight has to be a number above 0"),
    (["train", "--eps=-1"], "--epsilon is -1, and it has to be at least 0"),
    (["train", "--no-decay-biases"], "--no-decay-biases has no effect without a decay that biases and norms would have"),
    (["train", "--beta1", "1"], "beta1 is 1, and it has to be at least 0 and below 1"),
    (["train", "--schedule", "cosin(to: 0)"], "there is no schedule 'cosin'"),
    (["train", "--schedule", "warmup(5 stps) then constant"], "'stps' in warmup has to be 'steps' or 'epochs'"),
    (["train", "--schedule", "step(factor: 0.5)"], "step needs a span"),
    (["train", "--schedule", "cosine(to: -1)"], "'-1' in cosine has to be a number of at least 0"),
  ])
  func misuse(_ arguments: [String], _ message: String) throws {
    expectComplaint(try glissade(arguments), status: 2, message)
  }

  @Test func misuseLeavesNoRunFolder() throws {
    let folder = try TemporaryFolder()
    let data = try PictureFolder()
    expectComplaint(
      try glissade("train", "--data", data.path, "--batch-size", "271", "--out", folder.path("run")), status: 2,
      "batch size 271 cannot be used", "at most 270, the number of training samples")
    #expect(folder.names().isEmpty)
  }
}
