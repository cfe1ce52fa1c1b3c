/* SPDX-License-Identifier: Apache-2.0 */
/* Written by tests/native/coefficients.py; polynomials lowest power first. */
#ifndef ECU_SRC_NATIVE_MATH_COEFFICIENTS_H
#define ECU_SRC_NATIVE_MATH_COEFFICIENTS_H

#include <stdint.h>

// clang-format off
namespace ecu::math {

template <typename Real>
struct ExpConstants;

template <>
struct ExpConstants<float> {
  static constexpr float kInverseLn2 = 0x1.715476p0F;  // 1 / ln 2
  static constexpr float kLn2High = 0x1.62e4p-1F;  // ln 2 as a multiple of 2^-16: exact times a whole number
  static constexpr float kLn2Low = 0x1.7f7d1cp-20F;  // what is left of ln 2
  static constexpr float kLimit = 0x1.ap6F;  // beyond, e^x is infinite or rounds to zero
  // (e^r - 1 - r - r^2 / 2) / r^3, |r| <= ln(2) / 2
  static constexpr float kExp[5] = {
      0x1.555556p-3F,
      0x1.55551ap-5F,
      0x1.1110f6p-7F,
      0x1.6d110ap-10F,
      0x1.a0f86cp-13F,
  };
};

template <>
struct ExpConstants<double> {
  static constexpr double kInverseLn2 = 0x1.71547652b82fep0;  // 1 / ln 2
  static constexpr double kLn2High = 0x1.62e42fefa38p-1;  // ln 2 as a multiple of 2^-42: exact times a whole number
  static constexpr double kLn2Low = 0x1.ef35793c7673p-45;  // what is left of ln 2
  static constexpr double kLimit = 0x1.75p9;  // beyond, e^x is infinite or rounds to zero
  // (e^r - 1 - r - r^2 / 2) / r^3, |r| <= ln(2) / 2
  static constexpr double kExp[10] = {
      0x1.5555555555556p-3,
      0x1.5555555555555p-5,
      0x1.11111111109b3p-7,
      0x1.6c16c16c167e1p-10,
      0x1.a01a01a7c41d5p-13,
      0x1.a01a01a47b054p-16,
      0x1.71de0dae63bb3p-19,
      0x1.27e4e1f48534fp-22,
      0x1.af38a9b0ec855p-26,
      0x1.1f66df7fca49fp-29,
  };
};

template <typename Real>
struct LogConstants;

template <>
struct LogConstants<float> {
  static constexpr float kRootHalf = 0x1.6a09e6p-1F;  // sqrt(1/2)
  // (2 atanh(s) - 2 s) / s^3 in s^2, |s| <= 0.1716
  static constexpr float kLog[3] = {
      0x1.55555cp-1F,
      0x1.997c3p-2F,
      0x1.2ee61p-2F,
  };
};

template <>
struct LogConstants<double> {
  static constexpr double kRootHalf = 0x1.6a09e667f3bcdp-1;  // sqrt(1/2)
  // (2 atanh(s) - 2 s) / s^3 in s^2, |s| <= 0.1716
  static constexpr double kLog[8] = {
      0x1.5555555555555p-1,
      0x1.9999999999a38p-2,
      0x1.2492492476cccp-2,
      0x1.c71c720159177p-3,
      0x1.745cf9048dd95p-3,
      0x1.3b1c355a8f7a2p-3,
      0x1.0fbe95d71602p-3,
      0x1.0c039c49989c6p-3,
  };
};

template <typename Real>
struct SigmoidConstants;

template <>
struct SigmoidConstants<float> {
  static constexpr float kSaturation = 0x1.4p4F;  // beyond, 1 + e^x is e^x in this format
  static constexpr float kSmall = 0x1.19999ap-1F;  // below, tanh(x) is a polynomial; just above ln(3) / 2, where tanh is 1/2
  // (tanh(x) - x) / x^3 in x^2, |x| <= kSmall
  static constexpr float kTanh[5] = {
      -0x1.555554p-2F,
      0x1.110feap-3F,
      -0x1.b9a044p-5F,
      0x1.5d220ep-6F,
      -0x1.b13538p-8F,
  };
};

template <>
struct SigmoidConstants<double> {
  static constexpr double kSaturation = 0x1.4p5;  // beyond, 1 + e^x is e^x in this format
  static constexpr double kSmall = 0x1.199999999999ap-1;  // below, tanh(x) is a polynomial; just above ln(3) / 2, where tanh is 1/2
  // (tanh(x) - x) / x^3 in x^2, |x| <= kSmall
  static constexpr double kTanh[11] = {
      -0x1.5555555555555p-2,
      0x1.1111111111032p-3,
      -0x1.ba1ba1b9fec84p-5,
      0x1.664f487713373p-6,
      -0x1.226e32f00cf0cp-7,
      0x1.d6d339333f329p-9,
      -0x1.7d97cfd138c28p-10,
      0x1.34c5a8a996cd4p-11,
      -0x1.ec1091436eb2ap-13,
      0x1.64fd88e9900a5p-14,
      -0x1.59a834187ce22p-16,
  };
};

template <typename Real>
struct TrigonometricConstants;

template <>
struct TrigonometricConstants<float> {
  // (sin(r) - r) / r^3 in r^2, |r| <= pi / 4
  static constexpr float kSine[4] = {
      -0x1.555556p-3F,
      0x1.11110ep-7F,
      -0x1.a013a8p-13F,
      0x1.6dbe08p-19F,
  };
  // (cos(r) - 1 + r^2 / 2) / r^4 in r^2, |r| <= pi / 4
  static constexpr float kCosine[3] = {
      0x1.555554p-5F,
      -0x1.6c12d2p-10F,
      0x1.9bd89cp-16F,
  };
  static constexpr float kQuarterPi = 0x1.921fb6p-1F;  // pi / 4
  static constexpr uint32_t kQuarterPiBits = 0xc90fdaa2U;  // pi / 4 times 2^32
  // 32 zero bits, then those of 2 / pi
  static constexpr uint32_t kTwoOverPi[8] = {
      0x00000000U,
      0xa2f9836eU,
      0x4e441529U,
      0xfc2757d1U,
      0xf534ddc0U,
      0xdb629599U,
      0x3c439041U,
      0xfe5163abU,
  };
};

template <>
struct TrigonometricConstants<double> {
  // (sin(r) - r) / r^3 in r^2, |r| <= pi / 4
  static constexpr double kSine[8] = {
      -0x1.5555555555555p-3,
      0x1.1111111111111p-7,
      -0x1.a01a01a01a019p-13,
      0x1.71de3a556c2c8p-19,
      -0x1.ae64567e73219p-26,
      0x1.61245fb507691p-33,
      -0x1.ae7c53ccfc679p-41,
      0x1.9242bc8544292p-49,
  };
  // (cos(r) - 1 + r^2 / 2) / r^4 in r^2, |r| <= pi / 4
  static constexpr double kCosine[7] = {
      0x1.5555555555555p-5,
      -0x1.6c16c16c16c16p-10,
      0x1.a01a01a019d0ap-16,
      -0x1.27e4fb7712d65p-22,
      0x1.1eed8deb97a97p-29,
      -0x1.9394ba0cd6ed5p-37,
      0x1.ab785b00b4646p-45,
  };
  static constexpr double kQuarterPi = 0x1.921fb54442d18p-1;  // pi / 4
  static constexpr uint64_t kQuarterPiBits = 0xc90fdaa22168c235U;  // pi / 4 times 2^64
  // 64 zero bits, then those of 2 / pi
  static constexpr uint32_t kTwoOverPi[40] = {
      0x00000000U,
      0x00000000U,
      0xa2f9836eU,
      0x4e441529U,
      0xfc2757d1U,
      0xf534ddc0U,
      0xdb629599U,
      0x3c439041U,
      0xfe5163abU,
      0xdebbc561U,
      0xb7246e3aU,
      0x424dd2e0U,
      0x06492eeaU,
      0x09d1921cU,
      0xfe1deb1cU,
      0xb129a73eU,
      0xe88235f5U,
      0x2ebb4484U,
      0xe99c7026U,
      0xb45f7e41U,
      0x3991d639U,
      0x835339f4U,
      0x9c845f8bU,
      0xbdf9283bU,
      0x1ff897ffU,
      0xde05980fU,
      0xef2f118bU,
      0x5a0a6d1fU,
      0x6d367ecfU,
      0x27cb09b7U,
      0x4f463f66U,
      0x9e5fea2dU,
      0x7527bac7U,
      0xebe5f17bU,
      0x3d0739f7U,
      0x8a5292eaU,
      0x6bfb5fb1U,
      0x1f8d5d08U,
      0x56033046U,
      0xfc7b6babU,
  };
};

template <typename Real>
struct ErfConstants;

template <>
struct ErfConstants<float> {
  static constexpr float kMiddleBegin = 0x1.8p-1F;  // the middle piece is from here
  static constexpr float kMiddleEnd = 0x1.4p0F;  // to here
  static constexpr float kLast = 0x1p2F;  // from here, erf(x) rounds to 1
  static constexpr float kErfOneHigh = 0x1.af76p-1F;  // erf(1), rounded to a multiple of 2^-16
  static constexpr float kErfOneLow = 0x1.e9d042p-19F;  // what is left of it
  // erf(x) / x - 1 in x^2, |x| <= kMiddleBegin
  static constexpr float kErf[7] = {
      0x1.06eba8p-3F,
      -0x1.812746p-2F,
      0x1.ce2efep-4F,
      -0x1.b82706p-6F,
      0x1.55e334p-8F,
      -0x1.b624cap-11F,
      0x1.8d385p-14F,
  };
  // (erf(x) - erf(1)) / h in h = x - 1, kMiddleBegin <= x <= kMiddleEnd
  static constexpr float kMiddle[8] = {
      0x1.a911fp-2F,
      -0x1.a911fp-2F,
      0x1.1b613cp-3F,
      0x1.1b615ep-4F,
      -0x1.1b57bp-4F,
      0x1.2de304p-8F,
      0x1.e8e60ep-7F,
      -0x1.2f294ep-8F,
  };
  // erfc(x) e^(x^2) in (x - 1) / (x + 2), kMiddleEnd <= x <= kLast
  static constexpr float kErfc[7] = {
      0x1.b5d86p-2F,
      -0x1.a3a5b6p-1F,
      0x1.2399ep-1F,
      -0x1.6e34c4p-3F,
      -0x1.f79e8cp-6F,
      0x1.3ffaaap-5F,
      -0x1.b1486ep-8F,
  };
};

template <>
struct ErfConstants<double> {
  static constexpr double kMiddleBegin = 0x1.8p-1;  // the middle piece is from here
  static constexpr double kMiddleEnd = 0x1.4p0;  // to here
  static constexpr double kLast = 0x1.8p2;  // from here, erf(x) rounds to 1
  static constexpr double kErfOneHigh = 0x1.af767a74108p-1;  // erf(1), rounded to a multiple of 2^-42
  static constexpr double kErfOneLow = 0x1.158da0221fb76p-46;  // what is left of it
  // erf(x) / x - 1 in x^2, |x| <= kMiddleBegin
  static constexpr double kErf[15] = {
      0x1.06eba8214db69p-3,
      -0x1.812746b0379e7p-2,
      0x1.ce2f21a042be2p-4,
      -0x1.b82ce31288b51p-6,
      0x1.565bcd0e6a53ep-8,
      -0x1.c02db40040addp-11,
      0x1.f9a326f9b50c8p-14,
      -0x1.f4d25c3d396b7p-17,
      0x1.b9e6c9b9eec03p-20,
      -0x1.5f742ab80e815p-23,
      0x1.fcc4c26b46adp-27,
      -0x1.51cc70f668e1ep-30,
      0x1.9d83575124cb7p-34,
      -0x1.cb26b1346b978p-38,
      0x1.82bd1bceae952p-42,
  };
  // (erf(x) - erf(1)) / h in h = x - 1, kMiddleBegin <= x <= kMiddleEnd
  static constexpr double kMiddle[14] = {
      0x1.a911f096fbc26p-2,
      -0x1.a911f096fbc26p-2,
      0x1.1b614b0f528a1p-3,
      0x1.1b614b0f52883p-4,
      -0x1.1b614b0f63857p-4,
      0x1.2e45a56543c5fp-8,
      0x1.f096fda347eb4p-7,
      -0x1.39114693fdc27p-8,
      -0x1.ee3122b669cdcp-10,
      0x1.4176a7e8ac725p-10,
      0x1.672249751d48p-14,
      -0x1.a37701463edaep-13,
      0x1.265117dc5aca8p-16,
      0x1.86295a477b53fp-16,
  };
  // erfc(x) e^(x^2) in (x - 1) / (x + 2), kMiddleEnd <= x <= kLast
  static constexpr double kErfc[18] = {
      0x1.b5d8780f9564p-2,
      -0x1.a3a755ea38e5bp-1,
      0x1.23b0c49d0ea18p-1,
      -0x1.70cbbd18c42b3p-3,
      -0x1.a3f603344334ep-6,
      0x1.c38f6b43d06a9p-6,
      0x1.a50eee93eda9ap-8,
      -0x1.220b4d7be06dp-8,
      -0x1.4f24634f56341p-9,
      0x1.37f2cc5384522p-12,
      0x1.34404d3677f4ep-11,
      0x1.3a82594480e96p-11,
      -0x1.47ec013d637b4p-11,
      0x1.0643603d9aa1ep-11,
      -0x1.0d8a2b320bab1p-11,
      0x1.87b9dff33e8c9p-13,
      0x1.a0afc363a689p-15,
      -0x1.12b1094798248p-15,
  };
};

template <typename Real>
struct PowerConstants;

template <>
struct PowerConstants<float> {
  // (log(1 + r) - r + r^2 / 2) / r^3
  static constexpr float kPower[4] = {
      0x1.555554p-2F,
      -0x1.fffffep-3F,
      0x1.99e086p-3F,
      -0x1.559364p-3F,
  };
  static constexpr unsigned kIndexBits = 4U;
  // short reciprocals c of the middles of the intervals
  static constexpr float kReciprocal[16] = {
      0x1.66p0F,
      0x1.57p0F,
      0x1.498p0F,
      0x1.3c8p0F,
      0x1.31p0F,
      0x1.26p0F,
      0x1.1b8p0F,
      0x1.12p0F,
      0x1.098p0F,
      0x1p0F,
      0x1.e5p-1F,
      0x1.cap-1F,
      0x1.b2p-1F,
      0x1.9cp-1F,
      0x1.88p-1F,
      0x1.76p-1F,
  };
  // -log(c), rounded to a multiple of 2^-16
  static constexpr float kLogHigh[16] = {
      -0x1.5768p-2F,
      -0x1.2b94p-2F,
      -0x1.0274p-2F,
      -0x1.b278p-3F,
      -0x1.66bp-3F,
      -0x1.1b7p-3F,
      -0x1.a1fp-4F,
      -0x1.165p-4F,
      -0x1.2a8p-5F,
      0x0p0F,
      0x1.bbcp-5F,
      0x1.c88p-4F,
      0x1.528p-3F,
      0x1.bd08p-3F,
      0x1.1178p-2F,
      0x1.419cp-2F,
  };
  // what is left of it
  static constexpr float kLogLow[16] = {
      0x1.1d1754p-19F,
      0x1.f8a8ecp-19F,
      -0x1.b82d84p-19F,
      -0x1.7ee464p-19F,
      0x1.95ec6ap-18F,
      -0x1.56a97cp-18F,
      0x1.c4ff3cp-21F,
      -0x1.b7751cp-19F,
      0x1.3ddeb2p-21F,
      0x0p0F,
      0x1.d7f8d2p-18F,
      0x1.6006f2p-18F,
      -0x1.a1b5e4p-19F,
      0x1.ce0ef6p-21F,
      0x1.d044fcp-19F,
      -0x1.7b8542p-19F,
  };
};

template <>
struct PowerConstants<double> {
  // (log(1 + r) - r + r^2 / 2) / r^3
  static constexpr double kPower[8] = {
      0x1.5555555555554p-2,
      -0x1.ffffffffffffep-3,
      0x1.99999999bce52p-3,
      -0x1.5555555575bp-3,
      0x1.249244577a081p-3,
      -0x1.fffff732a2777p-4,
      0x1.c7876f48c11c3p-4,
      -0x1.99fbacdc41eebp-4,
  };
  static constexpr unsigned kIndexBits = 5U;
  // short reciprocals c of the middles of the intervals
  static constexpr double kReciprocal[32] = {
      0x1.6ap0,
      0x1.62p0,
      0x1.5bp0,
      0x1.538p0,
      0x1.4c8p0,
      0x1.46p0,
      0x1.3f8p0,
      0x1.398p0,
      0x1.338p0,
      0x1.2ep0,
      0x1.288p0,
      0x1.238p0,
      0x1.1ep0,
      0x1.198p0,
      0x1.148p0,
      0x1.1p0,
      0x1.0b8p0,
      0x1.07p0,
      0x1.03p0,
      0x1p0,
      0x1.edp-1,
      0x1.dep-1,
      0x1.d1p-1,
      0x1.c4p-1,
      0x1.b8p-1,
      0x1.acp-1,
      0x1.a1p-1,
      0x1.97p-1,
      0x1.8dp-1,
      0x1.84p-1,
      0x1.7bp-1,
      0x1.72p-1,
  };
  // -log(c), rounded to a multiple of 2^-42
  static constexpr double kLogHigh[32] = {
      -0x1.62c82f2b9cp-2,
      -0x1.4be5f95778p-2,
      -0x1.3772662bfep-2,
      -0x1.2112559861p-2,
      -0x1.0bbccdb0d2p-2,
      -0x1.ef0adcbdc6p-3,
      -0x1.c5cba543aep-3,
      -0x1.9ef83d276ap-3,
      -0x1.7764c128f2p-3,
      -0x1.526e5e3a1cp-3,
      -0x1.2cca0f5f6p-3,
      -0x1.09f561ee72p-3,
      -0x1.c5e548f5bcp-4,
      -0x1.84ef898e84p-4,
      -0x1.3b87598b1cp-4,
      -0x1.f0a30c0118p-5,
      -0x1.67f94f0948p-5,
      -0x1.b9fc027bp-6,
      -0x1.7dc475f82p-7,
      0x0p0,
      0x1.35c8bfaa1p-5,
      0x1.1973bd1464p-4,
      0x1.8a6477a91cp-4,
      0x1.fe89139dbcp-4,
      0x1.365fcb015ap-3,
      0x1.6f0128b756p-3,
      0x1.a454082e6ap-3,
      0x1.d60a17f904p-3,
      0x1.047e60cde8p-2,
      0x1.1bf99635a7p-2,
      0x1.3401e12aedp-2,
      0x1.4c9e09e173p-2,
  };
  // what is left of it
  static constexpr double kLogLow[32] = {
      -0x1.e54bdbd7c8a98p-44,
      0x1.d7c92cd9ad824p-44,
      0x1.e9436ac53b023p-44,
      -0x1.82e78ba2950c4p-44,
      -0x1.2f32ccc5dcdfbp-44,
      0x1.b26b79c86af24p-45,
      -0x1.0929decb454fcp-45,
      0x1.730b7b3f9cep-45,
      -0x1.274903479e3d1p-47,
      0x1.790ba37fc5238p-44,
      0x1.b5ef191aff12p-44,
      0x1.8f3057157d1a8p-45,
      -0x1.d0c57585fbe06p-46,
      0x1.7d5cd246977c9p-44,
      0x1.2241594aca313p-45,
      0x1.d599e83368e91p-45,
      -0x1.ecc1f3e7e4ed7p-44,
      0x1.b9a010ae6922ap-44,
      0x1.eb1245b5da1f5p-44,
      0x0p0,
      0x1.8357d5ef9eb35p-44,
      0x1.566d154f930b3p-44,
      0x1.c28c0af9bd6dfp-44,
      0x1.56594d82f7a82p-44,
      -0x1.fd3a0afb9691bp-44,
      0x1.577390d31ef0fp-44,
      0x1.60a77c81f7171p-44,
      -0x1.5d6e06fc20d39p-44,
      0x1.dbdf10d397f3cp-45,
      -0x1.1ac89575c2125p-44,
      -0x1.17c73556e291dp-44,
      -0x1.e20891b0ad8a4p-45,
  };
};

}  // namespace ecu::math
// clang-format on
#endif
