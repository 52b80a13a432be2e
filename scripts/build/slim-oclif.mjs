export const slimOclif = () => ({ name: 'slim-oclif' });
