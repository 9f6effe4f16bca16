# Two images: web (pages, API, queues, beat; no PyTorch) and worker (training on CUDA). See docs/deployment.md.

FROM python:3.11-slim-bookworm AS base
ENV PATH=/opt/venv/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONUNBUFFERED=1 \
    PIPELINE_VAR=/var/lib/pipeline \
    HF_HOME=/var/lib/pipeline/models/huggingface
# A fixed number, so that storage shared between hosts has one owner. Volumes take over the folders' owner.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/pipeline pipeline \
    && install --directory --owner=pipeline --group=pipeline --mode=0700 /var/lib/pipeline /var/lib/pipeline/media \
        /var/lib/pipeline/models /var/lib/pipeline/reading /var/lib/pipeline/runs /var/lib/pipeline/uploading \
    && python -m venv /opt/venv
WORKDIR /srv/pipeline


FROM base AS worker
# Driver libraries come from the host; nvidia-smi (utility) is how a worker finds its GPUs.
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY requirements/train.lock requirements/torch.txt requirements/
RUN pip install --no-deps --require-hashes --requirement requirements/train.lock \
    && pip install --requirement requirements/torch.txt
COPY . .
USER 10001
CMD ["python", "manage.py", "gpu_worker"]


FROM base AS web
# There is no PyTorch here to try adapters with: PIPELINE_INFERENCE_URL names a server that has it.
ENV PIPELINE_INFERENCE_DEVICE=none
COPY requirements/base.lock requirements/
RUN pip install --no-deps --require-hashes --requirement requirements/base.lock
COPY . .
# As the user who reads the files: others may not. The key is for this command: else one would be kept in the image.
USER 10001
RUN PIPELINE_SECRET_KEY=unused python manage.py collectstatic --noinput --verbosity 0
EXPOSE 8000
# http.client, because urllib would ask a proxy that the container may be given.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", "\
from http.client import HTTPConnection as Connection; \
probe = Connection('127.0.0.1', 8000, timeout=3); \
probe.request('GET', '/healthz'); \
raise SystemExit(probe.getresponse().status != 200)"]
CMD ["python", "-m", "pipeline.serving", "--host", "0.0.0.0", "--port", "8000"]
