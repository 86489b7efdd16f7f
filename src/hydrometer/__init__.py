"""hydrometer finds, proves, stops, reports and traces distillation campaigns in an LLM provider's request logs.

The tree is the pipeline: collect → fingerprint → link → prove → respond → share, beside it the range that tests it
(simulate), the live service (serve) and the audit of a suspect model (trace).
"""

__version__ = "0.1.0"
