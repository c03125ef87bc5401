"""A server that speaks as OpenAI, Anthropic and Gemini do, as far as their SDKs ask it to."""

from tests.fake_providers.server import Asked, FakeProviders

__all__ = ["Asked", "FakeProviders"]
